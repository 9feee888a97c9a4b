package io.pulseplane.store.edge;

import io.pulseplane.store.ReadingStore;
import io.pulseplane.store.Receipt;
import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.Order;
import io.pulseplane.vitals.Reading;
import io.pulseplane.vitals.ScreenedBatch;
import io.pulseplane.vitals.Series;
import io.pulseplane.vitals.Subject;
import io.pulseplane.vitals.TimeRange;
import io.smallrye.mutiny.Uni;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Readings as rows of one table, clustered by series and time. */
final class EdgeReadings implements ReadingStore {

    private static final String SERIES_OF = """
            SELECT p.patient_id, d.device_id, s.code, s.unit, s.number
            FROM series s JOIN patient p ON p.number = s.patient JOIN device d ON d.number = s.device
            WHERE %s.%s_id = ?""";

    private static final String LATEST_OF = """
            SELECT s.*, r.time_us, r.value
            FROM (%s) s JOIN reading r ON r.series = s.number
            WHERE r.time_us = (SELECT max(time_us) FROM reading WHERE series = s.number)""";

    private static final String READ = """
            SELECT time_us, value FROM reading
            WHERE series = (
                SELECT s.number
                FROM series s JOIN patient p ON p.number = s.patient JOIN device d ON d.number = s.device
                WHERE p.patient_id = ? AND d.device_id = ? AND s.code = ? AND s.unit = ?)
              AND time_us >= ? AND time_us < ?
            ORDER BY time_us %s LIMIT ?""";

    private static final String OLDEST_FIRST = READ.formatted("ASC");
    private static final String NEWEST_FIRST = READ.formatted("DESC");
    private static final String SERIES_OF_PATIENT = SERIES_OF.formatted("p", "patient");
    private static final String SERIES_OF_DEVICE = SERIES_OF.formatted("d", "device");
    private static final String LATEST_OF_PATIENT = LATEST_OF.formatted(SERIES_OF_PATIENT);
    private static final String LATEST_OF_DEVICE = LATEST_OF.formatted(SERIES_OF_DEVICE);

    /** Columns grow from here; a range that has few readings does not pay for its limit. */
    private static final int FIRST_CAPACITY = 256;

    private final Writer writer;
    private final Readers readers;
    private final Appender appender;

    EdgeReadings(Writer writer, Readers readers, Appender appender) {
        this.writer = writer;
        this.readers = readers;
        this.appender = appender;
    }

    @Override
    public Uni<List<Receipt>> append(List<ScreenedBatch> group) {
        return writer.transaction(session -> appender.append(session, group));
    }

    @Override
    public Uni<List<Series>> series(Subject subject) {
        return readers.read(session -> {
            var select = session.prepare(
                    switch (subject) {
                        case Subject.OfPatient _ -> SERIES_OF_PATIENT;
                        case Subject.OfDevice _ -> SERIES_OF_DEVICE;
                    });
            select.setString(1, subject.id());
            var all = new ArrayList<Series>();
            try (var rows = select.executeQuery()) {
                while (rows.next()) {
                    all.add(seriesOf(rows));
                }
            }
            all.sort(null);
            return all;
        });
    }

    @Override
    public Uni<List<Reading>> latest(Subject subject) {
        return readers.read(session -> {
            var select = session.prepare(
                    switch (subject) {
                        case Subject.OfPatient _ -> LATEST_OF_PATIENT;
                        case Subject.OfDevice _ -> LATEST_OF_DEVICE;
                    });
            select.setString(1, subject.id());
            var latest = new ArrayList<Reading>();
            try (var rows = select.executeQuery()) {
                while (rows.next()) {
                    latest.add(new Reading(seriesOf(rows), rows.getLong(6), rows.getDouble(7)));
                }
            }
            latest.sort((a, b) -> a.series().compareTo(b.series()));
            return latest;
        });
    }

    private static Series seriesOf(ResultSet row) throws SQLException {
        return new Series(row.getString(1), row.getString(2), row.getString(3), row.getString(4));
    }

    @Override
    public Uni<Columns> read(Series series, TimeRange range, Order order, int limit) {
        return readers.read(session -> {
            var select = session.prepare(order == Order.OLDEST_FIRST ? OLDEST_FIRST : NEWEST_FIRST);
            select.setString(1, series.patient());
            select.setString(2, series.device());
            select.setString(3, series.code());
            select.setString(4, series.unit());
            select.setLong(5, range.from());
            select.setLong(6, range.to());
            select.setInt(7, limit);
            var times = new long[Math.min(limit, FIRST_CAPACITY)];
            var values = new double[times.length];
            int size = 0;
            try (var rows = select.executeQuery()) {
                while (rows.next()) {
                    if (size == times.length) {
                        int capacity = Math.min(limit, 2 * size);
                        times = Arrays.copyOf(times, capacity);
                        values = Arrays.copyOf(values, capacity);
                    }
                    times[size] = rows.getLong(1);
                    values[size++] = rows.getDouble(2);
                }
            }
            return new Columns(series, Arrays.copyOf(times, size), Arrays.copyOf(values, size));
        });
    }
}
