package io.pulseplane.store.edge.sqlite;

import io.pulseplane.files.PrivateFiles;
import io.pulseplane.vitals.PlaneException;
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

/** A database file, and how sessions on it are opened. */
public final class Database {

    /** Small, because a chunk leaves part of its last page empty, and every table takes at least one page. */
    public static final int PAGE_BYTES = 1024;

    /** The page cache of one session. SQLite takes a negative number as KiB. */
    private static final int WRITER_CACHE_SIZE = -32 * 1024;

    private static final int READER_CACHE_SIZE = -8 * 1024;

    /** How long a statement waits for a lock that another process holds, for instance an operator's sqlite3 shell. */
    private static final int BUSY_MILLIS = 5_000;

    private static final int MAINTENANCE_BUSY_MILLIS = 10;

    /** The maintenance thread makes checkpoints sooner. This bounds the write-ahead log if it cannot. */
    private static final long CHECKPOINT_AFTER_BYTES = 64L << 20;

    private final Path file;

    public Database(Path file) {
        this.file = file;
    }

    public Path file() {
        return file;
    }

    public SqliteSession openForWriting() throws SQLException {
        // The file may have larger pages than this program makes. Then the log may grow by so much more.
        return open(
                writerConfig(), file.toString(), "PRAGMA wal_autocheckpoint = " + CHECKPOINT_AFTER_BYTES / PAGE_BYTES);
    }

    private SQLiteConfig writerConfig() throws SQLException {
        makePrivate();
        if (bytesOf(file) == 0) {
            createFile();
        }
        var config = config(WRITER_CACHE_SIZE);
        config.setPageSize(PAGE_BYTES);
        config.setJournalMode(JournalMode.WAL);
        // An acknowledgement promises that a batch is on disk, so the log is synced at every commit.
        config.setSynchronous(SynchronousMode.FULL);
        config.setTransactionMode(SQLiteConfig.TransactionMode.IMMEDIATE);
        return config;
    }

    /** Opens a session for writing that overwrites what it deletes. */
    public SqliteSession openForWritingSecrets() throws SQLException {
        return open(writerConfig(), file.toString(), "PRAGMA secure_delete = ON");
    }

    /** SQLite gives its write-ahead log and its index the mode of the database. */
    private void makePrivate() {
        try {
            PrivateFiles.createOrTighten(file);
            PrivateFiles.tighten(Path.of(file + "-wal"));
            PrivateFiles.tighten(Path.of(file + "-shm"));
        } catch (IOException e) {
            throw new PlaneException.Unavailable(file.getFileName() + " cannot be written to", e);
        }
    }

    /** SQLite takes {@code auto_vacuum} only while the database is empty. */
    private void createFile() throws SQLException {
        var config = new SQLiteConfig();
        config.setPageSize(PAGE_BYTES);
        try (var session = open(config)) {
            session.execute("PRAGMA auto_vacuum = INCREMENTAL");
            session.execute("VACUUM");
        }
    }

    /**
     * Opens a session for the maintenance thread, which reads and makes checkpoints. It waits for a lock only briefly,
     * because the thread that writes would have to wait meanwhile.
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

    /** Whether there is a write-ahead log with something in it: the last session was not closed. */
    public boolean hasLog() {
        return bytesOf(Path.of(file + "-wal")) > 0;
    }

    /** Opens a session that reads the file as it is, and takes no notice of the write-ahead log. */
    public SqliteSession openWithoutLog() throws SQLException {
        var config = config(READER_CACHE_SIZE);
        config.setReadOnly(true);
        return open(config, "file:" + file.toUri().getRawPath() + "?immutable=1");
    }

    private SQLiteConfig config(int cacheSize) {
        var config = new SQLiteConfig();
        config.enforceForeignKeys(true);
        config.setBusyTimeout(BUSY_MILLIS);
        config.setCacheSize(cacheSize);
        config.setTempStore(TempStore.MEMORY);
        // Every session belongs to one thread at a time, so SQLite needs no mutex.
        config.setOpenMode(SQLiteOpenMode.NOMUTEX);
        return config;
    }

    private SqliteSession open(SQLiteConfig config) throws SQLException {
        return open(config, file.toString());
    }

    private static SqliteSession open(SQLiteConfig config, String name, String... pragmas) throws SQLException {
        return new SqliteSession(() -> {
            var connection = (SQLiteConnection) config.createConnection("jdbc:sqlite:" + name);
            try (var statement = connection.createStatement()) {
                for (var pragma : pragmas) {
                    statement.execute(pragma);
                }
                return connection;
            } catch (SQLException e) {
                connection.close();
                throw e;
            }
        });
    }

    /** The size of the database and its write-ahead log. */
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
