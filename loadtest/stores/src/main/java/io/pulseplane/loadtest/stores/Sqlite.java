package io.pulseplane.loadtest.stores;

import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.List;

/** SQLite with one row per reading. The edge store would be like this without chunks. */
final class Sqlite extends RowStore {

    private static final int ROWS_PER_TRANSACTION = 1_000;

    private final Path directory;

    Sqlite(Path directory) throws SQLException {
        super(DriverManager.getConnection("jdbc:sqlite:" + directory.resolve("rows.db")));
        this.directory = directory;
        execute("PRAGMA journal_mode = WAL");
        execute("PRAGMA synchronous = FULL");
        execute("CREATE TABLE reading (series INTEGER, t INTEGER, v REAL, PRIMARY KEY (series, t)) WITHOUT ROWID");
        connection.setAutoCommit(false);
    }

    @Override
    public String durability() {
        return "WAL, synchronous=FULL, 1,000 rows a transaction";
    }

    @Override
    public void append(List<SeriesRun> group) throws SQLException {
        int pendingRows = 0;
        try (var insert = connection.prepareStatement("INSERT INTO reading VALUES (?, ?, ?)")) {
            for (var run : group) {
                for (int i = 0; i < run.size(); i++) {
                    insert.setInt(1, run.series());
                    insert.setLong(2, run.times()[i]);
                    insert.setDouble(3, run.values()[i]);
                    insert.addBatch();
                    if (++pendingRows == ROWS_PER_TRANSACTION) {
                        insert.executeBatch();
                        connection.commit();
                        pendingRows = 0;
                    }
                }
            }
            insert.executeBatch();
            connection.commit();
        }
    }

    @Override
    public void compact() throws SQLException {
        connection.setAutoCommit(true);
        execute("PRAGMA wal_checkpoint(TRUNCATE)");
    }

    @Override
    public long bytes() throws Exception {
        return BenchmarkedStore.bytesIn(directory);
    }

    @Override
    String minuteExpression() {
        return "t / " + MINUTE_US;
    }
}
