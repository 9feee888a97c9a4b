package io.pulseplane.store.edge.sqlite;

import io.pulseplane.vitals.PlaneException;
import java.lang.System.Logger.Level;
import java.sql.SQLException;
import java.time.Duration;
import org.sqlite.SQLiteException;

/** Turns SQLite's errors into the plane's, and logs the details that callers do not get. */
public final class SqliteErrors {

    private static final System.Logger LOG = System.getLogger(SqliteErrors.class.getName());

    /** Nobody makes room on a disk within milliseconds. */
    private static final Duration RETRY_WHEN_FULL = Duration.ofSeconds(10);

    private SqliteErrors() {}

    public static Throwable toPlaneException(Throwable failure) {
        return failure instanceof SQLException sql ? toPlaneException(sql) : failure;
    }

    public static PlaneException toPlaneException(SQLException failure) {
        int code = codeOf(failure);
        // The low byte is the primary code; the other bytes only detail it, and go to the log with the message.
        return switch (code == SQLITE_IOERR_SHMSIZE ? SQLITE_FULL : code & 0xFF) {
            case SQLITE_FULL -> {
                LOG.log(Level.ERROR, "The disk is full: {0}", failure.getMessage());
                yield new PlaneException.ResourceExhausted(
                        "the plane's disk is full; nothing was stored", RETRY_WHEN_FULL);
            }
            case SQLITE_CORRUPT, SQLITE_NOTADB -> {
                LOG.log(Level.ERROR, "The database is damaged", failure);
                yield new PlaneException.DataLoss("data on the plane's disk is damaged");
            }
            case SQLITE_INTERRUPT -> new PlaneException.DeadlineExceeded("the query was cancelled before it was done");
            default -> {
                // Without the stack trace, because a disk that fails may fail thousands of calls.
                LOG.log(Level.ERROR, "The database failed: {0}", failure.getMessage());
                yield new PlaneException.Unavailable("the plane's disk does not answer; nothing was stored", failure);
            }
        };
    }

    private static int codeOf(SQLException failure) {
        return failure instanceof SQLiteException e ? e.getResultCode().code : failure.getErrorCode();
    }

    /** Whether the content of the file is not what SQLite wrote. */
    public static boolean isDamage(SQLException failure) {
        int code = codeOf(failure) & 0xFF;
        return code == SQLITE_CORRUPT || code == SQLITE_NOTADB;
    }

    /** Whether the disk does not do what it is asked: it is neither full nor is its content damaged. */
    static boolean isDiskFailure(SQLException failure) {
        int code = codeOf(failure);
        return code != SQLITE_IOERR_SHMSIZE && ((code & 0xFF) == SQLITE_IOERR || (code & 0xFF) == SQLITE_CANTOPEN);
    }

    // https://www.sqlite.org/rescode.html
    private static final int SQLITE_INTERRUPT = 9;
    static final int SQLITE_IOERR = 10;
    private static final int SQLITE_CORRUPT = 11;
    private static final int SQLITE_FULL = 13;
    private static final int SQLITE_CANTOPEN = 14;
    private static final int SQLITE_NOTADB = 26;

    /**
     * There is no room for the file through which connections share the index of the log. It comes up when a database
     * is opened.
     */
    private static final int SQLITE_IOERR_SHMSIZE = 4874;
}
