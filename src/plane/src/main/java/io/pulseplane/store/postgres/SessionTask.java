package io.pulseplane.store.postgres;

import io.vertx.core.Future;

/** A task on a session. Its future completes when its last statement was answered. */
@FunctionalInterface
interface SessionTask<T> {
    Future<T> run(PostgresSession session);
}
