package io.pulseplane.store.postgres;

import io.pulseplane.vitals.Series;
import io.pulseplane.vitals.Subject;
import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** Reads and extends the table {@code series}. Only who has locked the device may add its series. */
final class SeriesTable {

    private static final String COLUMNS = "patient, device, code, unit";
    private static final String OF_PATIENT = "SELECT " + COLUMNS + " FROM series WHERE patient = $1";
    private static final String OF_DEVICE = "SELECT " + COLUMNS + " FROM series WHERE device = $1";

    private static final String NUMBERS = """
            SELECT s.patient, s.device, s.code, s.unit, s.number
            FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS k(patient, device, code, unit)
            JOIN series s ON s.patient = k.patient AND s.device = k.device AND s.code = k.code AND s.unit = k.unit""";

    private static final String ADD = """
            INSERT INTO series (patient, device, code, unit)
            SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[])
            ON CONFLICT DO NOTHING RETURNING patient, device, code, unit, number""";

    private SeriesTable() {}

    static Future<List<Series>> list(PostgresSession session, Subject subject) {
        return session.execute(
                        switch (subject) {
                            case Subject.OfPatient _ -> OF_PATIENT;
                            case Subject.OfDevice _ -> OF_DEVICE;
                        },
                        subject.id())
                .map(rows -> {
                    var found = RowMapping.list(rows, SeriesTable::seriesOf);
                    found.sort(null);
                    return found;
                });
    }

    /** The numbers of the series that exist. */
    static Future<Map<Series, Long>> findNumbers(PostgresSession session, Collection<Series> series) {
        return execute(session, NUMBERS, series);
    }

    /** Inserts series and returns their numbers; series that exist are left out. */
    static Future<Map<Series, Long>> add(PostgresSession session, Collection<Series> series) {
        return execute(session, ADD, series);
    }

    private static Future<Map<Series, Long>> execute(PostgresSession session, String sql, Collection<Series> series) {
        return session.execute(
                        sql,
                        column(series, Series::patient),
                        column(series, Series::device),
                        column(series, Series::code),
                        column(series, Series::unit))
                .map(SeriesTable::numbersOf);
    }

    static String[] column(Collection<Series> series, Function<Series, String> part) {
        return series.stream().map(part).toArray(String[]::new);
    }

    private static Map<Series, Long> numbersOf(RowSet<Row> rows) {
        var numbers = HashMap.<Series, Long>newHashMap(rows.size());
        for (var row : rows) {
            numbers.put(seriesOf(row), row.getLong(4));
        }
        return numbers;
    }

    static Series seriesOf(Row row) {
        return new Series(row.getString(0), row.getString(1), row.getString(2), row.getString(3));
    }
}
