package io.pulseplane.api;

import io.pulseplane.store.postgres.PostgresServer;
import io.pulseplane.store.postgres.RestartablePostgres;
import io.quarkus.test.common.QuarkusTestResourceLifecycleManager;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;

/** A PostgreSQL with tables and nothing in them, that the plane keeps its readings in. */
public final class FreshPostgres implements QuarkusTestResourceLifecycleManager {

    private RestartablePostgres server;

    @Override
    public Map<String, String> start() {
        try {
            server = new RestartablePostgres();
            return Map.of(
                    "pulseplane.store", "postgres",
                    "pulseplane.postgres.hosts", "localhost:" + server.port(),
                    "pulseplane.postgres.database", "postgres",
                    "pulseplane.postgres.user", PostgresServer.USER,
                    "pulseplane.postgres.password", PostgresServer.PASSWORD,
                    "pulseplane.site.key", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
                    // These tests are about what is answered, on a machine that has much else to do.
                    "pulseplane.query.unary-deadline", "10s");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void stop() {
        try {
            server.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
