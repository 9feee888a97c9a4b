package io.pulseplane.loadtest.stores;

import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.List;
import org.duckdb.DuckDBConnection;

/** DuckDB in the same process, filled with its appender, without an index. */
final class DuckDb extends RowStore {

    private final Path directory;

    DuckDb(Path directory) throws SQLException {
        super(DriverManager.getConnection("jdbc:duckdb:" + directory.resolve("rows.duckdb")));
        this.directory = directory;
        execute("SET threads = 1");
        execute("CREATE TABLE reading (series INTEGER, t BIGINT, v DOUBLE)");
    }

    @Override
    public String durability() {
        return "synced, its appender, a transaction for each group, no index";
    }

    @Override
    public void append(List<SeriesRun> group) throws SQLException {
        try (var appender = connection.unwrap(DuckDBConnection.class).createAppender("main", "reading")) {
            for (var run : group) {
                for (int i = 0; i < run.size(); i++) {
                    appender.beginRow();
                    appender.append(run.series());
                    appender.append(run.times()[i]);
                    appender.append(run.values()[i]);
                    appender.endRow();
                }
            }
        }
    }

    @Override
    public void compact() throws SQLException {
        execute("CHECKPOINT");
    }

    @Override
    public long bytes() throws Exception {
        return BenchmarkedStore.bytesIn(directory);
    }

    @Override
    String minuteExpression() {
        return "t // " + MINUTE_US;
    }
}
