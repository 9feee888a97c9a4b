package io.pulseplane.store.postgres;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.flywaydb.core.Flyway;

/** A server of its own, that can be stopped, paused, killed and started again where it was. */
public final class RestartablePostgres implements AutoCloseable {

    private static final int MAX_ATTEMPTS = 3;

    private final Path directory = Files.createTempDirectory("pulseplane-postgres");
    private EmbeddedPostgres server;
    private int port;

    /** A standby of another server, which it follows from when it is started. */
    private RestartablePostgres(RestartablePostgres primary) throws IOException, InterruptedException {
        // A copy of a server at rest. Owner and modes have to come along, which Files.copy does not see to.
        var copy = new ProcessBuilder("cp", "-a", primary.directory + "/.", directory.toString()).start();
        if (copy.waitFor() != 0) {
            throw new IOException("the primary could not be copied");
        }
        Files.createFile(directory.resolve("standby.signal"));
        Files.writeString(
                directory.resolve("postgresql.auto.conf"),
                "primary_conninfo = 'host=localhost port=%d user=%s'%n".formatted(primary.port, PostgresServer.USER));
    }

    public RestartablePostgres() throws IOException {
        start();
        Flyway.configure()
                .dataSource(
                        server.getJdbcUrl(PostgresServer.USER, "postgres"),
                        PostgresServer.USER,
                        PostgresServer.PASSWORD)
                .locations("classpath:db/migration")
                .load()
                .migrate();
    }

    /** Stops, so that it can be copied, and starts again. */
    RestartablePostgres withStandby() throws IOException, InterruptedException {
        stop();
        var standby = new RestartablePostgres(this);
        start();
        standby.start();
        return standby;
    }

    public int port() {
        return port;
    }

    public Connection connect() throws SQLException {
        return DriverManager.getConnection(server.getJdbcUrl(PostgresServer.USER, "postgres"));
    }

    public void start() throws IOException {
        for (int attempt = 1; ; attempt++) {
            try {
                open();
                return;
            } catch (IOException e) {
                // One that was killed may not have let go of everything yet.
                if (attempt == MAX_ATTEMPTS) {
                    throw e;
                }
            }
        }
    }

    private void open() throws IOException {
        server = PostgresServer.builder()
                .setDataDirectory(directory)
                .setCleanDataDirectory(false)
                .setPort(port)
                .start();
        port = server.getPort();
    }

    public void stop() throws IOException {
        server.close();
    }

    /** All of its processes stand still. */
    public void pause() throws IOException {
        signal("STOP");
    }

    /** Nothing happens if it is not paused. */
    public void resume() throws IOException {
        signal("CONT");
    }

    /** All of its processes are gone at once. */
    public void kill() throws IOException {
        // First it is kept from making new ones, who would be left over.
        signal("STOP");
        signal("KILL");
        server.close();
    }

    private void signal(String signal) throws IOException {
        var pid = Long.parseLong(
                Files.readAllLines(directory.resolve("postmaster.pid")).getFirst());
        var command = new ArrayList<>(List.of("kill", "-" + signal, Long.toString(pid)));
        ProcessHandle.of(pid)
                .ifPresent(
                        server -> server.descendants().forEach(process -> command.add(Long.toString(process.pid()))));
        try {
            // That one of many is gone by itself in between is no failure.
            new ProcessBuilder(command).redirectErrorStream(true).start().waitFor();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    PostgresSettings settings() {
        return PostgresServer.settings(port, "postgres");
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
