package io.pulseplane.store.postgres;

import io.vertx.core.Future;

/** Work on a session; what it answers comes when its last statement is done. */
@FunctionalInterface
interface SessionTask<T> {
    Future<T> run(PostgresSession session);
}
