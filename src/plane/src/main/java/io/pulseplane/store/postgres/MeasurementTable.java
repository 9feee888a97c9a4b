package io.pulseplane.store.postgres;

import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.Order;
import io.pulseplane.vitals.Reading;
import io.pulseplane.vitals.Series;
import io.pulseplane.vitals.Subject;
import io.pulseplane.vitals.TimeRange;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.sqlclient.Row;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;

/**
 * Reads and extends the table {@code measurements}. Every statement names the patient, and joins rows only of the same
 * patient, so the table can be distributed by patient.
 *
 * <p>Readings go to and from PostgreSQL as columns and not as rows. A statement that writes has one array of times and
 * one of values, with the first and last index of each series. A statement that reads returns two byte strings in
 * PostgreSQL's binary format for timestamps and doubles: a row for each reading took five times as long.
 */
final class MeasurementTable {

    private static final String ADD = """
            INSERT INTO measurements (measured_at, uploaded_at, value, series, patient, device, code, unit)
            SELECT timestamptz 'epoch' + ($8::bigint[])[i] * interval '1 microsecond', $10, ($9::float8[])[i],
              k.series, k.patient, k.device, k.code, k.unit
            FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::integer[], $7::integer[])
                AS k(series, patient, device, code, unit, first, last)
              CROSS JOIN LATERAL generate_series(k.first, k.last) AS i""";

    // MATERIALIZED keeps the planner from reading the whole series and comparing it with the times.
    private static final String FIND = """
            WITH r AS MATERIALIZED (
              SELECT k.series, k.patient,
                timestamptz 'epoch' + ($5::bigint[])[i] * interval '1 microsecond' AS measured_at
              FROM unnest($1::bigint[], $2::text[], $3::integer[], $4::integer[]) AS k(series, patient, first, last)
                CROSS JOIN LATERAL generate_series(k.first, k.last) AS i)
            SELECT m.series, m.measured_at, m.value
            FROM r JOIN measurements m
              ON m.patient = r.patient AND m.series = r.series AND m.measured_at = r.measured_at""";

    private static final String READ = """
            SELECT string_agg(timestamptz_send(r.measured_at), ''::bytea), string_agg(float8send(r.value), ''::bytea)
            FROM (
              SELECT m.measured_at, m.value FROM measurements m
              WHERE m.patient = $1
                AND m.series = (SELECT s.number FROM series s
                  WHERE s.patient = $1 AND s.device = $2 AND s.code = $3 AND s.unit = $4)
                AND m.measured_at >= $5 AND m.measured_at < $6
              ORDER BY m.measured_at %s LIMIT $7) r""";

    private static final String LATEST = """
            SELECT s.patient, s.device, s.code, s.unit, l.measured_at, l.value
            FROM series s CROSS JOIN LATERAL (
              SELECT m.measured_at, m.value FROM measurements m
              WHERE m.patient = s.patient AND m.series = s.number
              ORDER BY m.measured_at DESC LIMIT 1) l
            WHERE s.%s = $1""";

    private static final String OLDEST_FIRST = READ.formatted("ASC");
    private static final String NEWEST_FIRST = READ.formatted("DESC");
    private static final String LATEST_OF_PATIENT = LATEST.formatted("patient");
    private static final String LATEST_OF_DEVICE = LATEST.formatted("device");

    /** Origin of PostgreSQL's timestamps. */
    private static final long POSTGRES_EPOCH_MICROS =
            Micros.of(OffsetDateTime.of(2000, 1, 1, 0, 0, 0, 0, ZoneOffset.UTC));

    private MeasurementTable() {}

    /** A reading in the table. */
    record StoredReading(long seriesNumber, long time, double value) {}

    static Future<?> add(PostgresSession session, ColumnArrays arrays, long uploadTime) {
        return session.execute(
                ADD,
                arrays.seriesNumbers(),
                arrays.patients(),
                arrays.column(Series::device),
                arrays.column(Series::code),
                arrays.column(Series::unit),
                arrays.firstIndexes(),
                arrays.lastIndexes(),
                arrays.times(),
                arrays.values(),
                Micros.toTime(uploadTime));
    }

    /** Finds stored readings of the same series and time, whatever their value. */
    static Future<List<StoredReading>> find(PostgresSession session, ColumnArrays arrays) {
        return session.execute(
                        FIND,
                        arrays.seriesNumbers(),
                        arrays.patients(),
                        arrays.firstIndexes(),
                        arrays.lastIndexes(),
                        arrays.times())
                .map(rows -> RowMapping.list(
                        rows,
                        row -> new StoredReading(
                                row.getLong(0), Micros.of(row.getOffsetDateTime(1)), row.getDouble(2))));
    }

    static Future<Columns> read(PostgresSession session, Series series, TimeRange range, Order order, int limit) {
        return session.execute(
                        order == Order.OLDEST_FIRST ? OLDEST_FIRST : NEWEST_FIRST,
                        series.patient(),
                        series.device(),
                        series.code(),
                        series.unit(),
                        Micros.toTime(range.from()),
                        Micros.toTime(range.to()),
                        limit)
                .map(rows -> columnsOf(series, rows.iterator().next()));
    }

    private static Columns columnsOf(Series series, Row row) {
        Buffer times = row.getBuffer(0);
        if (times == null) {
            return new Columns(series, new long[0], new double[0]);
        }
        Buffer values = row.getBuffer(1);
        var columns =
                new Columns(series, new long[times.length() / Long.BYTES], new double[values.length() / Double.BYTES]);
        for (int i = 0; i < columns.size(); i++) {
            columns.times()[i] = times.getLong(i * Long.BYTES) + POSTGRES_EPOCH_MICROS;
            columns.values()[i] = values.getDouble(i * Double.BYTES);
        }
        return columns;
    }

    static Future<List<Reading>> latest(PostgresSession session, Subject subject) {
        return session.execute(
                        switch (subject) {
                            case Subject.OfPatient _ -> LATEST_OF_PATIENT;
                            case Subject.OfDevice _ -> LATEST_OF_DEVICE;
                        },
                        subject.id())
                .map(rows -> {
                    var latest = RowMapping.list(
                            rows,
                            row -> new Reading(
                                    SeriesTable.seriesOf(row), Micros.of(row.getOffsetDateTime(4)), row.getDouble(5)));
                    latest.sort((a, b) -> a.series().compareTo(b.series()));
                    return latest;
                });
    }
}
