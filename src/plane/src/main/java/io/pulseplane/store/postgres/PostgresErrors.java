package io.pulseplane.store.postgres;

import io.pulseplane.vitals.PlaneException;
import io.vertx.pgclient.PgException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import org.eclipse.microprofile.faulttolerance.exceptions.BulkheadException;

/**
 * Turns what PostgreSQL says into what the plane says, and logs what the plane does not say: the kind of the error and
 * what it is about, never its text, which may quote a row.
 */
final class PostgresErrors {

    private static final System.Logger LOG = System.getLogger(PostgresErrors.class.getName());

    /** A disk is not emptied in milliseconds. */
    private static final Duration RETRY_WHEN_FULL = Duration.ofSeconds(10);

    private static final Duration RETRY_WHEN_BUSY = Duration.ofMillis(100);

    // https://www.postgresql.org/docs/18/errcodes-appendix.html
    static final String UNIQUE_VIOLATION = "23505";
    static final String NO_PARTITION = "23514";
    static final String UNDEFINED_TABLE = "42P01";
    static final String QUERY_CANCELED = "57014";
    private static final String DISK_FULL = "53100";
    static final String READ_ONLY = "25006";
    static final String ADMIN_SHUTDOWN = "57P01";
    static final String CRASH_SHUTDOWN = "57P02";
    private static final String SERIALIZATION_FAILURE = "40001";
    private static final String DEADLOCK = "40P01";

    /** Said once when it stops answering and once when it answers again; a line per question would bury the rest. */
    private final AtomicBoolean outageLogged = new AtomicBoolean();

    /** The SQLSTATE of a failure; empty if PostgreSQL had no part in it. */
    static String sqlState(Throwable failure) {
        return failure instanceof PgException e && e.getSqlState() != null ? e.getSqlState() : "";
    }

    static boolean violates(Throwable failure, String constraint) {
        return sqlState(failure).equals(UNIQUE_VIOLATION) && constraint.equals(((PgException) failure).getConstraint());
    }

    /** Whether the same transaction may well succeed when it is tried again at once. */
    static boolean isTransient(Throwable failure) {
        return switch (sqlState(failure)) {
            case SERIALIZATION_FAILURE, DEADLOCK -> true;
            default -> false;
        };
    }

    void noteConnected() {
        if (outageLogged.get() && outageLogged.compareAndSet(true, false)) {
            LOG.log(Level.INFO, "PostgreSQL answers again");
        }
    }

    /** The same for a write, which nobody stops but the server when it takes too long. */
    Throwable toPlaneExceptionOfWrite(Throwable failure) {
        return sqlState(failure).equals(QUERY_CANCELED)
                ? new PlaneException.Unavailable("the database takes too long; nothing was stored", null)
                : toPlaneException(failure);
    }

    /** Whether PostgreSQL does not answer, or says itself that it cannot. */
    boolean isOutage(Throwable failure) {
        return switch (failure) {
            case PlaneException problem -> problem instanceof PlaneException.Unavailable;
            case PgException e ->
                switch (sqlState(e)) {
                    case "", READ_ONLY -> true;
                    default -> isConnectionError(e);
                };
            case BulkheadException _ -> false;
            default -> true;
        };
    }

    /** Class 57: the server was told to stop, or is starting; class 08: the connection is none. */
    private static boolean isConnectionError(PgException e) {
        return !sqlState(e).equals(QUERY_CANCELED)
                && (sqlState(e).startsWith("57") || sqlState(e).startsWith("08"));
    }

    Throwable toPlaneException(Throwable failure) {
        if (failure instanceof PlaneException) {
            return failure;
        }
        if (failure instanceof BulkheadException) {
            return queueFullException();
        }
        if (!(failure instanceof PgException e)) {
            return unreachable(failure);
        }
        return switch (sqlState(e)) {
            case DISK_FULL -> {
                log(e);
                yield new PlaneException.ResourceExhausted(
                        "the database's disk is full; nothing was stored", RETRY_WHEN_FULL);
            }
            case "XX001", "XX002" -> {
                log(e);
                yield new PlaneException.DataLoss("the database does not hold what was written to it");
            }
            case QUERY_CANCELED -> new PlaneException.DeadlineExceeded("the work was stopped before it was done");
            case READ_ONLY -> unreachable(e);
            case "" -> unreachable(e);
            default -> {
                if (isConnectionError(e)) {
                    yield unreachable(e);
                }
                log(e);
                yield new PlaneException.Unavailable(
                        "the database does not do what it is asked; nothing was stored", null);
            }
        };
    }

    /** The pool has no room for another question. */
    static PlaneException queueFullException() {
        return new PlaneException.ResourceExhausted("too much waits for the database", RETRY_WHEN_BUSY);
    }

    private PlaneException unreachable(Throwable failure) {
        if (outageLogged.compareAndSet(false, true)) {
            LOG.log(Level.ERROR, "PostgreSQL does not answer: {0}", describe(failure));
        }
        return new PlaneException.Unavailable("the database does not answer", null);
    }

    private static String describe(Throwable failure) {
        return failure instanceof PgException e
                ? "SQLSTATE " + e.getSqlState()
                : failure.getClass().getSimpleName() + ": " + failure.getMessage();
    }

    private static void log(PgException e) {
        LOG.log(
                Level.ERROR,
                "PostgreSQL refuses: SQLSTATE {0}, table {1}, constraint {2}",
                e.getSqlState(),
                e.getTable(),
                e.getConstraint());
    }
}
