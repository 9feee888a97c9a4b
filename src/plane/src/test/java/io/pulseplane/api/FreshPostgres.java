package io.pulseplane.api;

import io.pulseplane.store.postgres.PostgresServer;
import io.pulseplane.store.postgres.RestartablePostgres;
import io.quarkus.test.common.QuarkusTestResourceLifecycleManager;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;

/** Gives the plane a PostgreSQL with empty tables. */
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
                    // These tests check answers, not speed, and may run on a busy machine.
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
