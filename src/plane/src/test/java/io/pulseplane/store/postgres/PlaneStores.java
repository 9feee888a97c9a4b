package io.pulseplane.store.postgres;

import io.pulseplane.store.GuardEvents;
import io.vertx.core.Vertx;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/** Opens stores as several planes would, and closes them together. */
final class PlaneStores implements AutoCloseable {

    /** Begins on 13 November 2025. */
    final AtomicLong clock = new AtomicLong(1_763_000_000_000_000L);

    private final Vertx vertx = Vertx.vertx();
    private final List<PostgresStore> stores = new ArrayList<>();

    PostgresStore open(PostgresSettings settings) {
        var store = PostgresStore.open(vertx, settings, clock::get);
        stores.add(store);
        return store;
    }

    PostgresStore open(PostgresSettings settings, GuardEvents events) {
        var store = PostgresStore.open(vertx, settings, clock::get, events);
        stores.add(store);
        return store;
    }

    @Override
    public void close() {
        stores.forEach(PostgresStore::close);
        vertx.close().toCompletionStage().toCompletableFuture().join();
    }
}
