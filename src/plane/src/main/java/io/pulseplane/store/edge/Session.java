package io.pulseplane.store.edge;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.sqlite.ProgressHandler;
import org.sqlite.SQLiteConnection;

/** One connection with its prepared statements. Belongs to one thread at a time. */
final class Session implements AutoCloseable {

    /** Steps of SQLite's virtual machine; some 100 microseconds. */
    private static final int STEPS_BETWEEN_QUESTIONS = 10_000;

    private final SQLiteConnection connection;
    private final Map<String, PreparedStatement> statements = new HashMap<>();
    private BooleanSupplier stop;
    private Bench bench;

    Session(SQLiteConnection connection) {
        this.connection = connection;
    }

    /** The statement for this SQL, prepared once. The caller sets every parameter and closes the result set only. */
    PreparedStatement prepare(String sql) throws SQLException {
        var statement = statements.get(sql);
        if (statement == null) {
            statement = connection.prepareStatement(sql);
            statements.put(sql, statement);
        }
        return statement;
    }

    /** Closes what was prepared: after an error in the middle of a statement the driver does not say what state it is in. */
    void forgetStatements() throws SQLException {
        for (var statement : statements.values()) {
            statement.close();
        }
        statements.clear();
    }

    void execute(String sql) throws SQLException {
        try (var statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    /** The bytes of a column that always has some; none if it has not, as in a file that is damaged. */
    static byte[] bytes(ResultSet row, int column) throws SQLException {
        var bytes = row.getBytes(column);
        return bytes == null ? new byte[0] : bytes;
    }

    /** The number that an {@code INSERT ... RETURNING number} gave. */
    static long insertedNumber(PreparedStatement insert) throws SQLException {
        try (var row = insert.executeQuery()) {
            row.next();
            return row.getLong(1);
        }
    }

    /** What a pragma says, which is a number. */
    long pragma(String name) throws SQLException {
        try (var row = prepare("PRAGMA " + name).executeQuery()) {
            return row.next() ? row.getLong(1) : 0;
        }
    }

    /** How far {@code PRAGMA wal_checkpoint} goes, see SQLite's manual. */
    enum CheckpointMode {
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
    record Checkpoint(boolean isComplete, long logPages, long pagesLeft) {}

    /** Brings the write-ahead log into the database. */
    Checkpoint checkpoint(CheckpointMode mode) throws SQLException {
        try (var row = prepare("PRAGMA wal_checkpoint(" + mode + ")").executeQuery()) {
            row.next();
            long logPages = row.getLong(2);
            return new Checkpoint(row.getInt(1) == 0, logPages, logPages - row.getLong(3));
        }
    }

    /** Work that answers nothing. */
    interface Work {
        void run() throws SQLException;
    }

    void inTransaction(Work work) throws SQLException {
        inTransaction(_ -> {
            work.run();
            return null;
        });
    }

    /** All of it, synced, or nothing of it. */
    <T> T inTransaction(Sql<T> work) throws SQLException {
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
            forgetStatements();
            execute("ROLLBACK");
        } catch (SQLException e) {
            // SQLite has rolled back by itself after an I/O error or on a full disk; then there is nothing left to do.
            failure.addSuppressed(e);
        }
    }

    /** What this thread seals, encodes and decodes with. */
    Bench bench() {
        if (bench == null) {
            bench = new Bench();
        }
        return bench;
    }

    /**
     * Makes statements from now on fail with {@code SQLITE_INTERRUPT} once the condition holds. The statement asks, every
     * now and then: SQLite's own interrupt is lost when it comes a moment before the statement begins.
     */
    void stopWhen(BooleanSupplier condition) throws SQLException {
        if (stop == null) {
            ProgressHandler.setHandler(connection, STEPS_BETWEEN_QUESTIONS, new ProgressHandler() {
                @Override
                protected int progress() {
                    return stop.getAsBoolean() ? 1 : 0;
                }
            });
        }
        stop = condition;
    }

    @Override
    public void close() throws SQLException {
        forgetStatements();
        connection.close();
    }
}
