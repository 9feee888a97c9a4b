package io.pulseplane.store.postgres;

import io.pulseplane.store.Store;
import io.pulseplane.store.StoreContract;
import io.vertx.core.Vertx;
import org.junit.jupiter.api.AfterAll;

class PostgresStoreTest extends StoreContract {

    private static final Vertx VERTX = Vertx.vertx();

    private final PostgresServer postgres = PostgresServer.shared();
    private final String database = postgres.createDatabase();

    @AfterAll
    static void closeVertx() {
        VERTX.close().toCompletionStage().toCompletableFuture().join();
    }

    @Override
    protected Store open() {
        return PostgresStore.open(VERTX, postgres.settings(database), clock::get);
    }

    @Override
    protected Store reopen(Store closed) {
        return open();
    }
}
