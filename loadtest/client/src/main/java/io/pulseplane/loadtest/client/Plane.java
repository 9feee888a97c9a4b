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

/** Runs the packaged plane as a user does, but without a limit on the requests of a caller. */
final class Plane implements AutoCloseable {

    private static final Pattern LISTENS = Pattern.compile("gRPC listens on \\S+:(\\d+)[\\s\\S]*started in");

    /** The plane compacts its journal after a minute at the latest. */
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
     * @param out directory for the log
     * @param pin the start of the command, which pins the process to the servers' core
     * @param options options of the virtual machine; the executable accepts them, too
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

    /** @param port 0 for any free port */
    static Plane start(Setup setup, Path dataDir, int port) throws IOException, InterruptedException {
        var command = setup.command(
                List.of(
                        "-Dquarkus.grpc.server.port=" + port,
                        "-Dquarkus.http.port=0",
                        "-Dpulseplane.ingest.patients=any",
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

    /** The heap in use after a garbage collection, in MiB. */
    double liveHeapMib() throws IOException, InterruptedException {
        var jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd").toString();
        var pid = Long.toString(server.pid());
        Machine.outputOf(List.of(jcmd, pid, "GC.run"));
        var heapInfo = Machine.outputOf(List.of(jcmd, pid, "GC.heap_info"));
        var used = Pattern.compile("used (\\d+)K").matcher(heapInfo.split("Metaspace", 2)[0]);
        double kib = 0;
        while (used.find()) {
            kib += Long.parseLong(used.group(1));
        }
        return kib / 1_024;
    }

    /** The current size of the store on disk. */
    StoreFootprint footprint() throws IOException {
        return StoreFootprint.of(dataDir);
    }

    /** The size of the store after compaction, or as it is when compaction takes too long. */
    StoreFootprint compactedFootprint() throws IOException, InterruptedException {
        long deadline = System.nanoTime() + COMPACTION_TIMEOUT.toNanos();
        var footprint = footprint();
        while (footprint.journalEntries() > 0 && System.nanoTime() - deadline < 0) {
            TimeUnit.SECONDS.sleep(1);
            footprint = footprint();
        }
        return footprint;
    }

    @Override
    public void close() {
        server.close();
    }
}
