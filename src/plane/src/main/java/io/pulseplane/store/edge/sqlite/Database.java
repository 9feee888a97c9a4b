package io.pulseplane.store.edge.sqlite;

import io.pulseplane.store.edge.maintenance.DiskBudget;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import org.sqlite.SQLiteConfig;
import org.sqlite.SQLiteConfig.JournalMode;
import org.sqlite.SQLiteConfig.SynchronousMode;
import org.sqlite.SQLiteConfig.TempStore;
import org.sqlite.SQLiteConnection;
import org.sqlite.SQLiteOpenMode;

/** The database file and how it is opened. */
public final class Database {

    /** Small, for chunks fill whole pages but for the last, and every table takes one at least. */
    private static final int PAGE_BYTES = 1024;

    /** Page cache of one session. Negative is KiB, as SQLite has it. */
    private static final int WRITER_CACHE_SIZE = -32 * 1024;

    private static final int READER_CACHE_SIZE = -8 * 1024;

    /** How long a statement waits for a lock that another process holds, an operator's sqlite3 shell for instance. */
    private static final int BUSY_MILLIS = 5_000;

    private static final int MAINTENANCE_BUSY_MILLIS = 10;

    /** Somebody else brings the log into the database, sooner, see {@link DiskBudget}; unless nobody does. */
    private static final long CHECKPOINT_AFTER_BYTES = 64L << 20;

    private final Path file;

    public Database(Path file) {
        this.file = file;
    }

    public SqliteSession openForWriting() throws SQLException {
        if (bytesOf(file) == 0) {
            createFile();
        }
        var config = config(WRITER_CACHE_SIZE);
        config.setPageSize(PAGE_BYTES);
        config.setJournalMode(JournalMode.WAL);
        // An acknowledgement is a promise: the log is synced at every commit, not only at checkpoints.
        config.setSynchronous(SynchronousMode.FULL);
        config.setTransactionMode(SQLiteConfig.TransactionMode.IMMEDIATE);
        var session = open(config);
        session.execute("PRAGMA wal_autocheckpoint = " + CHECKPOINT_AFTER_BYTES / session.pragma("page_size"));
        return session;
    }

    /** How a database gives back what it does not need has to be said before there is anything in it. */
    private void createFile() throws SQLException {
        var config = new SQLiteConfig();
        config.setPageSize(PAGE_BYTES);
        try (var session = open(config)) {
            session.execute("PRAGMA auto_vacuum = INCREMENTAL");
            session.execute("VACUUM");
        }
    }

    /**
     * For the thread behind the scenes, which reads, and brings the log into the database. It does not wait long for anybody:
     * meanwhile the thread that writes would have to.
     */
    public SqliteSession openForMaintenance() throws SQLException {
        var config = config(READER_CACHE_SIZE);
        config.setBusyTimeout(MAINTENANCE_BUSY_MILLIS);
        return open(config);
    }

    public SqliteSession openForReading() throws SQLException {
        var config = config(READER_CACHE_SIZE);
        config.setReadOnly(true);
        return open(config);
    }

    private SQLiteConfig config(int cache) {
        var config = new SQLiteConfig();
        config.enforceForeignKeys(true);
        config.setBusyTimeout(BUSY_MILLIS);
        config.setCacheSize(cache);
        config.setTempStore(TempStore.MEMORY);
        // Every session belongs to one thread; a mutex per call would guard nothing.
        config.setOpenMode(SQLiteOpenMode.NOMUTEX);
        return config;
    }

    private SqliteSession open(SQLiteConfig config) throws SQLException {
        return new SqliteSession((SQLiteConnection) config.createConnection("jdbc:sqlite:" + file));
    }

    /** Bytes of the database and its write-ahead log. */
    public long bytes() {
        return bytesOf(file) + bytesOf(Path.of(file + "-wal"));
    }

    private static long bytesOf(Path path) {
        try {
            return Files.exists(path) ? Files.size(path) : 0;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
