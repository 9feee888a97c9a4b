package io.pulseplane.store.edge.sqlite;

import io.pulseplane.vitals.PlaneException;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.sqlite.ProgressHandler;
import org.sqlite.SQLiteConnection;

/**
 * A connection with its prepared statements. It belongs to one thread at a time.
 *
 * <p>After a failure the driver does not say which statements still work, so {@link #renew} closes the connection, and
 * the next use opens another. While the disk fails again and again, it is tried with growing pauses, and a use in
 * between fails at once.
 */
public final class SqliteSession implements AutoCloseable {

    /** Steps of SQLite's virtual machine; they take about 100 microseconds. */
    private static final int VM_STEPS_BETWEEN_CHECKS = 10_000;

    /** Opens a connection and sets it up. */
    interface Opener {
        SQLiteConnection open() throws SQLException;
    }

    private final Opener opener;
    private final RetryPause retryPause = new RetryPause();

    /** Null after a failure, until the next use. */
    private SQLiteConnection connection;

    private boolean closed;
    private final Map<String, PreparedStatement> statements = new HashMap<>();
    private BooleanSupplier interruptCondition;
    private Codecs codecs;

    SqliteSession(Opener opener) throws SQLException {
        this.opener = opener;
        this.connection = opener.open();
    }

    private SQLiteConnection connection() throws SQLException {
        if (closed) {
            throw new PlaneException.Unavailable("the store is closed", null);
        }
        if (connection == null) {
            retryPause.requireOver();
            try {
                connection = opener.open();
            } catch (SQLException e) {
                retryPause.onFailure(e);
                throw e;
            }
        }
        return connection;
    }

    /**
     * Runs work. After a failure that is not a refusal by the work itself, the session is made anew.
     *
     * @throws PlaneException.Unavailable if the disk failed a moment ago and is not tried again yet
     */
    public <T> T run(SqlFunction<T> work) throws SQLException {
        try {
            var result = work.run(this);
            retryPause.onSuccess();
            return result;
        } catch (PlaneException refusal) {
            throw refusal;
        } catch (Throwable failure) {
            renew(failure);
            throw failure;
        }
    }

    /** Closes the connection after a failure. The next use opens another. */
    private void renew(Throwable failure) {
        if (connection == null) {
            return;
        }
        retryPause.onFailure(failure);
        try {
            disconnect();
        } catch (SQLException e) {
            failure.addSuppressed(e);
        }
    }

    /**
     * The statement for this SQL, prepared once. The caller sets all parameters, and closes the result set but not
     * this.
     */
    public PreparedStatement prepare(String sql) throws SQLException {
        var statement = statements.get(sql);
        if (statement == null) {
            statement = connection().prepareStatement(sql);
            statements.put(sql, statement);
        }
        return statement;
    }

    /** Closes the prepared statements. After an error in the middle of a statement, its state is unknown. */
    public void closeStatements() throws SQLException {
        try {
            for (var statement : statements.values()) {
                statement.close();
            }
        } finally {
            statements.clear();
        }
    }

    /** Closes a statement that failed, so that the next use prepares it anew. */
    public void forget(PreparedStatement statement) throws SQLException {
        statements.values().remove(statement);
        statement.close();
    }

    public void execute(String sql) throws SQLException {
        try (var statement = connection().createStatement()) {
            statement.execute(sql);
        }
    }

    /** The whole database of this moment as the content of a file, in memory: for one that is small. */
    public byte[] image() throws SQLException {
        return connection().serialize("main");
    }

    /** The bytes of a column that is never NULL, unless the file is damaged: then an empty array. */
    public static byte[] bytesOrEmpty(ResultSet row, int column) throws SQLException {
        var bytes = row.getBytes(column);
        return bytes == null ? new byte[0] : bytes;
    }

    /** Executes an {@code INSERT ... RETURNING number} and returns the number. */
    public static long insertedNumber(PreparedStatement insert) throws SQLException {
        try (var row = insert.executeQuery()) {
            row.next();
            return row.getLong(1);
        }
    }

    /** The value of a pragma that is a number. */
    public long pragma(String name) throws SQLException {
        try (var row = prepare("PRAGMA " + name).executeQuery()) {
            return row.next() ? row.getLong(1) : 0;
        }
    }

    /** How far {@code PRAGMA wal_checkpoint} goes, see SQLite's manual. */
    public enum CheckpointMode {
        /** Changes nothing, and only counts the pages. */
        NOOP,
        /** Copies as many pages to the database as it can without waiting for other sessions. */
        PASSIVE,
        /** Copies all pages to the database, and truncates the log to an empty file. */
        TRUNCATE
    }

    /**
     * The result of a checkpoint.
     *
     * @param isComplete whether it did everything that its mode asks for; it cannot while another session reads or
     *     writes
     * @param logPages pages in the log
     * @param pagesLeft pages of the log that are not in the database yet
     */
    public record Checkpoint(boolean isComplete, long logPages, long pagesLeft) {}

    /** Copies pages of the write-ahead log to the database. */
    public Checkpoint checkpoint(CheckpointMode mode) throws SQLException {
        try (var row = prepare("PRAGMA wal_checkpoint(" + mode + ")").executeQuery()) {
            row.next();
            long logPages = row.getLong(2);
            return new Checkpoint(row.getInt(1) == 0, logPages, logPages - row.getLong(3));
        }
    }

    /** Work on a session that has no result. */
    public interface SqlAction {
        void run() throws SQLException;
    }

    public void inTransaction(SqlAction work) throws SQLException {
        inTransaction(_ -> {
            work.run();
            return null;
        });
    }

    /**
     * Runs the work in a transaction. When this returns, the transaction is synced; when it throws, it was rolled back.
     */
    <T> T inTransaction(SqlFunction<T> work) throws SQLException {
        return run(_ -> {
            prepare("BEGIN IMMEDIATE").execute();
            try {
                var result = work.run(this);
                prepare("COMMIT").execute();
                return result;
            } catch (Throwable failure) {
                rollBack(failure);
                throw failure;
            }
        });
    }

    private void rollBack(Throwable failure) {
        try {
            closeStatements();
            execute("ROLLBACK");
        } catch (SQLException e) {
            // After an I/O error or on a full disk, SQLite has already rolled back by itself.
            failure.addSuppressed(e);
        }
    }

    /** The codecs of the thread that has this session. */
    public Codecs codecs() {
        if (codecs == null) {
            codecs = new Codecs();
        }
        return codecs;
    }

    /**
     * Makes statements from now on fail with {@code SQLITE_INTERRUPT} once the condition holds. A running statement
     * checks the condition regularly. SQLite's own interrupt would have no effect on a statement that begins a moment
     * later.
     */
    void interruptWhen(BooleanSupplier condition) throws SQLException {
        if (interruptCondition == null) {
            ProgressHandler.setHandler(connection(), VM_STEPS_BETWEEN_CHECKS, new ProgressHandler() {
                @Override
                protected int progress() {
                    return interruptCondition.getAsBoolean() ? 1 : 0;
                }
            });
        }
        interruptCondition = condition;
    }

    /** Throws if nobody waits for the work of this session any more. For work that is not SQLite's own. */
    public void throwIfInterrupted() {
        if (interruptCondition != null && interruptCondition.getAsBoolean()) {
            throw new PlaneException.DeadlineExceeded("the query was cancelled before it was done");
        }
    }

    public boolean isClosed() {
        return closed;
    }

    /** Makes a checkpoint and closes the session. If the disk does not answer, the next start makes the checkpoint. */
    void closeWithCheckpoint() throws SQLException {
        try {
            if (connection != null) {
                checkpoint(CheckpointMode.TRUNCATE);
            }
        } finally {
            close();
        }
    }

    @Override
    public void close() throws SQLException {
        closed = true;
        disconnect();
    }

    private void disconnect() throws SQLException {
        try (var _ = connection) {
            closeStatements();
        } finally {
            connection = null;
            interruptCondition = null;
        }
    }
}
