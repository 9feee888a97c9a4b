package io.pulseplane.store.postgres;

import io.pulseplane.vitals.PlaneException;
import io.vertx.core.Future;

/**
 * Refuses to use tables of another schema version. Checks each new connection until one check succeeds.
 */
final class SchemaCheck {

    /** The version of the last migration in {@code db/migration}. */
    static final int SCHEMA_VERSION = 5;

    private static final String SELECT_VERSION = """
            SELECT max(version::integer) FROM flyway_schema_history WHERE success AND version IS NOT NULL""";

    private volatile boolean passed;

    /** Fails with {@code FailedPrecondition} if the tables do not exist, or are older or newer than this program. */
    Future<Void> check(PostgresSession session) {
        if (passed) {
            return Future.succeededFuture();
        }
        return session.execute(SELECT_VERSION)
                .map(rows -> rows.iterator().next().getInteger(0))
                .recover(failure -> PostgresErrors.sqlState(failure).equals(PostgresErrors.UNDEFINED_TABLE)
                        ? Future.succeededFuture(null)
                        : Future.failedFuture(failure))
                .compose(this::checkVersion);
    }

    private Future<Void> checkVersion(Integer version) {
        if (version == null) {
            return incompatible("the database has no tables of Pulseplane; 'pulseplane migrate' makes them");
        }
        if (version < SCHEMA_VERSION) {
            return incompatible("the database has schema " + version + ", this Pulseplane needs " + SCHEMA_VERSION
                    + "; 'pulseplane migrate' brings it there");
        }
        if (version > SCHEMA_VERSION) {
            return incompatible("the database was migrated by a newer Pulseplane (schema " + version
                    + ", this one knows " + SCHEMA_VERSION + ")");
        }
        passed = true;
        return Future.succeededFuture();
    }

    private static Future<Void> incompatible(String message) {
        return Future.failedFuture(new PlaneException.FailedPrecondition(message));
    }
}
