package io.pulseplane.store.postgres;

import io.pulseplane.vitals.PlaneException;
import io.vertx.pgclient.PgException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import org.eclipse.microprofile.faulttolerance.exceptions.BulkheadException;

/**
 * Translates PostgreSQL's errors into those of the plane, and logs what the plane does not tell callers: SQLSTATE,
 * table and constraint, but never PostgreSQL's message, which may quote a row.
 */
final class PostgresErrors {

    private static final System.Logger LOG = System.getLogger(PostgresErrors.class.getName());

    /** Longer than for a busy database, because it takes time to make room on a disk. */
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

    /** An outage is logged once when it begins and once when it ends, and not for every query. */
    private final AtomicBoolean outageLogged = new AtomicBoolean();

    /** The SQLSTATE of a failure; empty if the failure does not come from PostgreSQL. */
    static String sqlState(Throwable failure) {
        return failure instanceof PgException e && e.getSqlState() != null ? e.getSqlState() : "";
    }

    static boolean violates(Throwable failure, String constraint) {
        return sqlState(failure).equals(UNIQUE_VIOLATION) && constraint.equals(((PgException) failure).getConstraint());
    }

    /** Whether the same transaction may succeed if it is tried again at once. */
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

    /**
     * Translates a failure of a write. Callers cannot cancel writes, so a cancelled one has exceeded its time limit.
     */
    Throwable toPlaneExceptionOfWrite(Throwable failure) {
        return sqlState(failure).equals(QUERY_CANCELED)
                ? new PlaneException.Unavailable("the database takes too long; nothing was stored", null)
                : toPlaneException(failure);
    }

    /** Whether PostgreSQL does not answer, or answers that it cannot work. */
    boolean isOutage(Throwable failure) {
        return switch (failure) {
            case PlaneException e -> e instanceof PlaneException.Unavailable;
            case PgException e ->
                switch (sqlState(e)) {
                    case "", READ_ONLY -> true;
                    default -> isConnectionError(e);
                };
            case BulkheadException _ -> false;
            default -> true;
        };
    }

    /** Class 57: the server is shutting down or starting; class 08: connection exception. */
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
                yield new PlaneException.DataLoss("the database reports corrupted data");
            }
            case QUERY_CANCELED -> new PlaneException.DeadlineExceeded("the query was cancelled before it was done");
            case READ_ONLY -> unreachable(e);
            case "" -> unreachable(e);
            default -> {
                if (isConnectionError(e)) {
                    yield unreachable(e);
                }
                log(e);
                yield new PlaneException.Unavailable("the database refused the statement; nothing was stored", null);
            }
        };
    }

    /** The queue for connections is full. */
    static PlaneException queueFullException() {
        return new PlaneException.ResourceExhausted("too many requests wait for the database", RETRY_WHEN_BUSY);
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
                "PostgreSQL refused a statement: SQLSTATE {0}, table {1}, constraint {2}",
                e.getSqlState(),
                e.getTable(),
                e.getConstraint());
    }
}
