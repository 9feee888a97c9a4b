package io.pulseplane.store.postgres;

import io.pulseplane.vitals.Problem;
import io.vertx.core.Future;

/**
 * Keeps a program off tables that another version made. Asked once; when it could not be asked, again with the next
 * connection.
 */
final class SchemaCheck {

    /** The version of the last migration in {@code db/migration}. */
    static final int KNOWN = 3;

    private static final String HISTORY = """
            SELECT max(version::integer) FROM flyway_schema_history WHERE success AND version IS NOT NULL""";

    private volatile boolean passed;

    /** Fails with {@code Unmet} if the tables are older or newer than this program, or are not there. */
    Future<Void> pass(Session session) {
        if (passed) {
            return Future.succeededFuture();
        }
        return session.run(HISTORY)
                .map(rows -> rows.iterator().next().getInteger(0))
                .recover(failure -> Failures.state(failure).equals(Failures.UNDEFINED_TABLE)
                        ? Future.succeededFuture(null)
                        : Future.failedFuture(failure))
                .compose(this::judge);
    }

    private Future<Void> judge(Integer version) {
        if (version == null) {
            return unmet("the database has no tables of Pulseplane; 'pulseplane migrate' makes them");
        }
        if (version < KNOWN) {
            return unmet("the database has schema " + version + ", this Pulseplane needs " + KNOWN
                    + "; 'pulseplane migrate' brings it there");
        }
        if (version > KNOWN) {
            return unmet("the database was migrated by a newer Pulseplane (schema " + version + ", this one knows "
                    + KNOWN + ")");
        }
        passed = true;
        return Future.succeededFuture();
    }

    private static Future<Void> unmet(String message) {
        return Future.failedFuture(new Problem.Unmet(message));
    }
}
