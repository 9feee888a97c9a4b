package io.pulseplane.store.postgres;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Comparator;
import org.flywaydb.core.Flyway;

/** A server of its own, that can be stopped and started again where it was. */
final class RestartedServer implements AutoCloseable {

    private final Path directory = Files.createTempDirectory("pulseplane-postgres");
    private EmbeddedPostgres server;
    private int port;

    /** A standby of another server, which it follows from when it is started. */
    private RestartedServer(RestartedServer primary) throws IOException, InterruptedException {
        // A copy of a server at rest. Owner and modes have to come along, which Files.copy does not see to.
        var copy = new ProcessBuilder("cp", "-a", primary.directory + "/.", directory.toString()).start();
        if (copy.waitFor() != 0) {
            throw new IOException("the primary could not be copied");
        }
        Files.createFile(directory.resolve("standby.signal"));
        Files.writeString(
                directory.resolve("postgresql.auto.conf"),
                "primary_conninfo = 'host=localhost port=%d user=%s'%n".formatted(primary.port, Postgres.USER));
    }

    RestartedServer() throws IOException {
        start();
        Flyway.configure()
                .dataSource(server.getJdbcUrl(Postgres.USER, "postgres"), Postgres.USER, Postgres.PASSWORD)
                .locations("classpath:db/migration")
                .load()
                .migrate();
    }

    /** Stops, so that it can be copied, and starts again. */
    RestartedServer withStandby() throws IOException, InterruptedException {
        stop();
        var standby = new RestartedServer(this);
        start();
        standby.start();
        return standby;
    }

    int port() {
        return port;
    }

    Connection connect() throws SQLException {
        return DriverManager.getConnection(server.getJdbcUrl(Postgres.USER, "postgres"));
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
