package io.pulseplane.store.postgres;

import io.pulseplane.vitals.Problem;
import io.vertx.pgclient.PgException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import org.eclipse.microprofile.faulttolerance.exceptions.BulkheadException;

/**
 * Turns what PostgreSQL says into what the plane says, and logs what the plane does not say: the kind of the error and
 * what it is about, never its text, which may quote a row.
 */
final class Failures {

    private static final System.Logger LOG = System.getLogger(Failures.class.getName());

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
    private final AtomicBoolean silent = new AtomicBoolean();

    /** The SQLSTATE of a failure; empty if PostgreSQL had no part in it. */
    static String state(Throwable failure) {
        return failure instanceof PgException e && e.getSqlState() != null ? e.getSqlState() : "";
    }

    static boolean violates(Throwable failure, String constraint) {
        return state(failure).equals(UNIQUE_VIOLATION) && constraint.equals(((PgException) failure).getConstraint());
    }

    /** Whether the same transaction may well succeed when it is tried again at once. */
    static boolean isPassing(Throwable failure) {
        return switch (state(failure)) {
            case SERIALIZATION_FAILURE, DEADLOCK -> true;
            default -> false;
        };
    }

    void answered() {
        if (silent.get() && silent.compareAndSet(true, false)) {
            LOG.log(Level.INFO, "PostgreSQL answers again");
        }
    }

    /** The same for a write, which nobody stops but the server when it takes too long. */
    Throwable problemOfWrite(Throwable failure) {
        return state(failure).equals(QUERY_CANCELED)
                ? new Problem.Unavailable("the database takes too long; nothing was stored", null)
                : problem(failure);
    }

    /** Whether PostgreSQL does not answer, or says itself that it cannot. */
    boolean isOutage(Throwable failure) {
        return switch (failure) {
            case Problem problem -> problem instanceof Problem.Unavailable;
            case PgException e ->
                switch (state(e)) {
                    case "", READ_ONLY -> true;
                    default -> isOfConnection(e);
                };
            case BulkheadException _ -> false;
            default -> true;
        };
    }

    /** Class 57: the server was told to stop, or is starting; class 08: the connection is none. */
    private static boolean isOfConnection(PgException e) {
        return !state(e).equals(QUERY_CANCELED) && (state(e).startsWith("57") || state(e).startsWith("08"));
    }

    Throwable problem(Throwable failure) {
        if (failure instanceof Problem) {
            return failure;
        }
        if (failure instanceof BulkheadException) {
            return tooMany();
        }
        if (!(failure instanceof PgException e)) {
            return unreachable(failure);
        }
        return switch (state(e)) {
            case DISK_FULL -> {
                log(e);
                yield new Problem.Exhausted("the database's disk is full; nothing was stored", RETRY_WHEN_FULL);
            }
            case "XX001", "XX002" -> {
                log(e);
                yield new Problem.Damaged("the database does not hold what was written to it");
            }
            case QUERY_CANCELED -> new Problem.TooLate("the work was stopped before it was done");
            case READ_ONLY -> unreachable(e);
            case "" -> unreachable(e);
            default -> {
                if (isOfConnection(e)) {
                    yield unreachable(e);
                }
                log(e);
                yield new Problem.Unavailable("the database does not do what it is asked; nothing was stored", null);
            }
        };
    }

    /** The pool has no room for another question. */
    static Problem tooMany() {
        return new Problem.Exhausted("too much waits for the database", RETRY_WHEN_BUSY);
    }

    private Problem unreachable(Throwable failure) {
        if (silent.compareAndSet(false, true)) {
            LOG.log(Level.ERROR, "PostgreSQL does not answer: {0}", describe(failure));
        }
        return new Problem.Unavailable("the database does not answer", null);
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
