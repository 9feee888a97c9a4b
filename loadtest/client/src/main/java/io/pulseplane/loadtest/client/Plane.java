package io.pulseplane.loadtest.client;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The packaged plane, as a user starts it, but that one caller may ask as often as it likes. */
final class Plane implements AutoCloseable {

    private static final Pattern LISTENS = Pattern.compile("gRPC listens on \\S+:(\\d+)[\\s\\S]*started in");

    /** The journal is turned into chunks after a minute at the latest. */
    private static final Duration COMPACTION_TIMEOUT = Duration.ofSeconds(100);

    private final ServerProcess server;
    private final Path dataDir;

    private Plane(ServerProcess server, Path dataDir) {
        this.server = server;
        this.dataDir = dataDir;
    }

    /**
     * How planes are started.
     *
     * @param app the packaged plane: a directory with quarkus-run.jar, or an executable
     * @param out where its log may lie
     * @param pin what the command begins with, to be where servers are
     * @param options of virtual machines, which the executable takes too
     */
    record Setup(Path app, Path out, List<String> pin, List<String> options) {

        Setup with(String option) {
            return new Setup(
                    app,
                    out,
                    pin,
                    Stream.concat(options.stream(), Stream.of(option)).toList());
        }

        private List<String> command(List<String> properties, String... arguments) {
            boolean isExecutable = Files.isRegularFile(app);
            var command = new ArrayList<>(pin);
            command.add(
                    isExecutable
                            ? app.toAbsolutePath().toString()
                            : Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString());
            command.addAll(options);
            command.addAll(properties);
            if (!isExecutable) {
                command.addAll(List.of("-jar", app.resolve("quarkus-run.jar").toString()));
            }
            command.addAll(List.of(arguments));
            return command;
        }
    }

    /** @param port 0 for any */
    static Plane start(Setup setup, Path dataDir, int port) throws IOException, InterruptedException {
        var command = setup.command(
                List.of(
                        "-Dquarkus.grpc.server.port=" + port,
                        "-Dquarkus.http.port=0",
                        "-Dpulseplane.gate.max-requests-per-second=0"),
                "serve",
                "--data-dir",
                dataDir.toString());
        return new Plane(ServerProcess.start(setup.out().resolve("plane.log"), List.of(), command, LISTENS), dataDir);
    }

    int port() {
        return server.port();
    }

    ServerProcess server() {
        return server;
    }

    Tokens tokens() {
        return new Tokens(dataDir);
    }

    long residentMib() throws IOException {
        return server.residentMib();
    }

    /** What is in use of the heap once everything that can be collected has been, in MiB. */
    double liveHeapMib() throws IOException, InterruptedException {
        var jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd").toString();
        var pid = Long.toString(server.pid());
        Machine.outputOf(List.of(jcmd, pid, "GC.run"));
        var said = Machine.outputOf(List.of(jcmd, pid, "GC.heap_info"));
        var used = Pattern.compile("used (\\d+)K").matcher(said.split("Metaspace")[0]);
        double kib = 0;
        while (used.find()) {
            kib += Long.parseLong(used.group(1));
        }
        return kib / 1_024;
    }

    /** What is on disk of readings, as of now. */
    StoreFootprint footprint() throws IOException {
        return StoreFootprint.of(dataDir);
    }

    /** The same once there is nothing left that waits to become a chunk, or it takes too long. */
    StoreFootprint compactedFootprint() throws IOException, InterruptedException {
        long deadline = System.nanoTime() + COMPACTION_TIMEOUT.toNanos();
        var stored = footprint();
        while (stored.journalEntries() > 0 && System.nanoTime() - deadline < 0) {
            TimeUnit.SECONDS.sleep(1);
            stored = footprint();
        }
        return stored;
    }

    @Override
    public void close() {
        server.close();
    }
}
