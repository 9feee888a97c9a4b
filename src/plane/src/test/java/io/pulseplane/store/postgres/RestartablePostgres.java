package io.pulseplane.store.postgres;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.flywaydb.core.Flyway;

/** A PostgreSQL server that can be stopped, paused, killed and started again with its data. */
public final class RestartablePostgres implements AutoCloseable {

    private static final int MAX_ATTEMPTS = 3;

    /** On a busy machine recovery after a kill takes its time. */
    private static final Duration MAX_START = Duration.ofSeconds(60);

    private static final Duration MAX_EXIT = Duration.ofSeconds(5);

    private final Path directory = Files.createTempDirectory("pulseplane-postgres");
    private EmbeddedPostgres server;
    private int port;

    /** Makes a standby, which follows the primary when it is started. */
    private RestartablePostgres(RestartablePostgres primary) throws IOException, InterruptedException {
        copy(primary.directory, directory);
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

    /** Makes a running standby of this server. Stops this server for the copy and starts it again. */
    RestartablePostgres withStandby() throws IOException, InterruptedException {
        stop();
        var standby = new RestartablePostgres(this);
        start();
        standby.start();
        return standby;
    }

    /** Copies a stopped server, including owners and modes, which Files.copy would not copy. */
    private static void copy(Path from, Path to) throws IOException, InterruptedException {
        if (new ProcessBuilder("cp", "-a", from + "/.", to.toString()).start().waitFor() != 0) {
            throw new IOException("the server's directory could not be copied");
        }
    }

    /** Copies the data into a directory. Stops the server for the copy and starts it again. */
    public void backUp(Path backup) throws IOException, InterruptedException {
        stop();
        copy(directory, backup);
        start();
    }

    /** Puts the data of a backup in the place of the present ones. */
    public void restore(Path backup) throws IOException, InterruptedException {
        stop();
        if (new ProcessBuilder("find", directory.toString(), "-mindepth", "1", "-delete")
                        .start()
                        .waitFor()
                != 0) {
            throw new IOException("the server's directory could not be emptied");
        }
        copy(backup, directory);
        start();
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
                // A server that was just killed may still hold its port or files.
                if (attempt == MAX_ATTEMPTS) {
                    throw e;
                }
                // The attempt that failed keeps its lock on this file for ever.
                Files.deleteIfExists(directory.resolve("epg-lock"));
            }
        }
    }

    private void open() throws IOException {
        server = PostgresServer.builder()
                .setDataDirectory(directory)
                .setCleanDataDirectory(false)
                .setPort(port)
                .setPGStartupWait(MAX_START)
                .start();
        port = server.getPort();
    }

    public void stop() throws IOException {
        server.close();
    }

    /** Stops all processes of the server with SIGSTOP. */
    public void pause() throws IOException {
        signal("STOP");
    }

    /** Lets them run again. Has no effect if the server is not paused. */
    public void resume() throws IOException {
        signal("CONT");
    }

    /** Kills all processes of the server at once. */
    public void kill() throws IOException {
        // SIGSTOP first, so that the server cannot start new processes that would survive.
        signal("STOP");
        var killed = signal("KILL");
        // A server does not start while a process of the one before holds its shared memory. Where nobody reaps the
        // processes they seem to live on, so the wait has an end.
        CompletableFuture.allOf(killed.stream().map(ProcessHandle::onExit).toArray(CompletableFuture[]::new))
                .completeOnTimeout(null, MAX_EXIT.toMillis(), TimeUnit.MILLISECONDS)
                .join();
        server.close();
    }

    /** @return the processes that were sent the signal */
    private List<ProcessHandle> signal(String signal) throws IOException {
        var pid = Long.parseLong(
                Files.readAllLines(directory.resolve("postmaster.pid")).getFirst());
        var processes = ProcessHandle.of(pid)
                .map(server ->
                        Stream.concat(Stream.of(server), server.descendants()).toList())
                .orElse(List.of());
        var command = new ArrayList<>(List.of("kill", "-" + signal));
        processes.forEach(process -> command.add(Long.toString(process.pid())));
        try {
            // Ignores the exit code: a process may have ended by itself in the meantime.
            new ProcessBuilder(command).redirectErrorStream(true).start().waitFor();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return processes;
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
