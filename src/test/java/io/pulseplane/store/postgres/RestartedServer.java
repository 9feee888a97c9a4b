package io.pulseplane.store.postgres;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import org.flywaydb.core.Flyway;

/** A server of its own, that can be stopped and started again where it was. */
final class RestartedServer implements AutoCloseable {

    private final Path directory = Files.createTempDirectory("pulseplane-postgres");
    private EmbeddedPostgres server;
    private int port;

    RestartedServer() throws IOException {
        start();
        Flyway.configure()
                .dataSource(server.getJdbcUrl(Postgres.USER, "postgres"), Postgres.USER, Postgres.PASSWORD)
                .locations("classpath:db/migration")
                .load()
                .migrate();
    }

    void start() throws IOException {
        server = Postgres.builder()
                .setDataDirectory(directory)
                .setCleanDataDirectory(false)
                .setPort(port)
                .start();
        port = server.getPort();
    }

    void stop() throws IOException {
        server.close();
    }

    PostgresSettings settings() {
        return Postgres.settings(port, "postgres");
    }

    @Override
    public void close() throws IOException {
        server.close();
        try (var files = Files.walk(directory)) {
            for (var file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        }
    }
}
