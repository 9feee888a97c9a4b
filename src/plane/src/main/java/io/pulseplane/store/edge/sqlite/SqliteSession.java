package io.pulseplane.store.edge.sqlite;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.sqlite.ProgressHandler;
import org.sqlite.SQLiteConnection;

/** One connection with its prepared statements. Belongs to one thread at a time. */
public final class SqliteSession implements AutoCloseable {

    /** Steps of SQLite's virtual machine; some 100 microseconds. */
    private static final int VM_STEPS_BETWEEN_CHECKS = 10_000;

    private final SQLiteConnection connection;
    private final Map<String, PreparedStatement> statements = new HashMap<>();
    private BooleanSupplier interruptCondition;
    private Codecs codecs;

    SqliteSession(SQLiteConnection connection) {
        this.connection = connection;
    }

    /** The statement for this SQL, prepared once. The caller sets every parameter and closes the result set only. */
    public PreparedStatement prepare(String sql) throws SQLException {
        var statement = statements.get(sql);
        if (statement == null) {
            statement = connection.prepareStatement(sql);
            statements.put(sql, statement);
        }
        return statement;
    }

    /** Closes what was prepared: after an error in the middle of a statement the driver does not say what state it is in. */
    public void closeStatements() throws SQLException {
        for (var statement : statements.values()) {
            statement.close();
        }
        statements.clear();
    }

    public void execute(String sql) throws SQLException {
        try (var statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    /** The bytes of a column that always has some; none if it has not, as in a file that is damaged. */
    public static byte[] bytesOrEmpty(ResultSet row, int column) throws SQLException {
        var bytes = row.getBytes(column);
        return bytes == null ? new byte[0] : bytes;
    }

    /** The number that an {@code INSERT ... RETURNING number} gave. */
    public static long insertedNumber(PreparedStatement insert) throws SQLException {
        try (var row = insert.executeQuery()) {
            row.next();
            return row.getLong(1);
        }
    }

    /** What a pragma says, which is a number. */
    public long pragma(String name) throws SQLException {
        try (var row = prepare("PRAGMA " + name).executeQuery()) {
            return row.next() ? row.getLong(1) : 0;
        }
    }

    /** How far {@code PRAGMA wal_checkpoint} goes, see SQLite's manual. */
    public enum CheckpointMode {
        /** Only looks. */
        NOOP,
        /** Brings into the database what it can without waiting for anybody. */
        PASSIVE,
        /** Brings everything into the database, and makes the log an empty file. */
        TRUNCATE
    }

    /**
     * What came of a checkpoint.
     *
     * @param isComplete whether it did all that its mode asks for: it does not while somebody else reads or writes
     * @param logPages pages in the log
     * @param pagesLeft those of them that are not in the database
     */
    public record Checkpoint(boolean isComplete, long logPages, long pagesLeft) {}

    /** Brings the write-ahead log into the database. */
    public Checkpoint checkpoint(CheckpointMode mode) throws SQLException {
        try (var row = prepare("PRAGMA wal_checkpoint(" + mode + ")").executeQuery()) {
            row.next();
            long logPages = row.getLong(2);
            return new Checkpoint(row.getInt(1) == 0, logPages, logPages - row.getLong(3));
        }
    }

    /** Work that answers nothing. */
    public interface SqlAction {
        void run() throws SQLException;
    }

    public void inTransaction(SqlAction work) throws SQLException {
        inTransaction(_ -> {
            work.run();
            return null;
        });
    }

    /** All of it, synced, or nothing of it. */
    <T> T inTransaction(SqlFunction<T> work) throws SQLException {
        prepare("BEGIN IMMEDIATE").execute();
        try {
            var answer = work.run(this);
            prepare("COMMIT").execute();
            return answer;
        } catch (Throwable failure) {
            rollBack(failure);
            throw failure;
        }
    }

    private void rollBack(Throwable failure) {
        try {
            closeStatements();
            execute("ROLLBACK");
        } catch (SQLException e) {
            // SQLite has rolled back by itself after an I/O error or on a full disk; then there is nothing left to do.
            failure.addSuppressed(e);
        }
    }

    /** What this thread seals, encodes and decodes with. */
    public Codecs codecs() {
        if (codecs == null) {
            codecs = new Codecs();
        }
        return codecs;
    }

    /**
     * Makes statements from now on fail with {@code SQLITE_INTERRUPT} once the condition holds. The statement asks, every
     * now and then: SQLite's own interrupt is lost when it comes a moment before the statement begins.
     */
    void interruptWhen(BooleanSupplier condition) throws SQLException {
        if (interruptCondition == null) {
            ProgressHandler.setHandler(connection, VM_STEPS_BETWEEN_CHECKS, new ProgressHandler() {
                @Override
                protected int progress() {
                    return interruptCondition.getAsBoolean() ? 1 : 0;
                }
            });
        }
        interruptCondition = condition;
    }

    @Override
    public void close() throws SQLException {
        closeStatements();
        connection.close();
    }
}
