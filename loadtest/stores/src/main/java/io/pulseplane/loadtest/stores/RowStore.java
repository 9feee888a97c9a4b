package io.pulseplane.loadtest.stores;

import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;

/** A store with one row per reading that is queried in SQL. */
abstract class RowStore implements BenchmarkedStore {

    final Connection connection;

    RowStore(Connection connection) {
        this.connection = connection;
    }

    final void execute(String sql) throws SQLException {
        try (var statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    /** The SQL expression for the minutes since the epoch of column {@code t}, as a whole number. */
    abstract String minuteExpression();

    @Override
    public final int countReadings(int series, long from, long to) throws SQLException {
        return query("SELECT t, v FROM reading WHERE series = ? AND t >= ? AND t < ? ORDER BY t", 1, series, from, to);
    }

    @Override
    public final int minuteWindows(int series, long from, long to) throws SQLException {
        return query(
                "SELECT " + minuteExpression() + " AS minute, avg(v), min(v), max(v), count(*) FROM reading"
                        + " WHERE series = ? AND t >= ? AND t < ? GROUP BY 1 ORDER BY 1",
                4,
                series,
                from,
                to);
    }

    private int query(String sql, int valueColumns, int series, long from, long to) throws SQLException {
        try (var select = connection.prepareStatement(sql)) {
            select.setInt(1, series);
            select.setLong(2, from);
            select.setLong(3, to);
            try (var rows = select.executeQuery()) {
                int count = 0;
                while (rows.next()) {
                    rows.getLong(1);
                    for (int i = 0; i < valueColumns; i++) {
                        rows.getDouble(2 + i);
                    }
                    count++;
                }
                return count;
            }
        }
    }

    @Override
    public void close() throws IOException, SQLException {
        connection.close();
    }
}
