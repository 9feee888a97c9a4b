package io.pulseplane.loadtest.client;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/** A server in a process of its own, on a core of its own, on a port of its own choice. */
final class Server implements AutoCloseable {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final long POLL_MILLIS = 50;

    private final Process process;
    private final Path log;
    private final int port;

    private Server(Process process, Path log, int port) {
        this.process = process;
        this.log = log;
        this.port = port;
    }

    /** @param listening what it says when it listens; its first group is the port */
    static Server start(Path log, List<String> pin, List<String> command, Pattern listening)
            throws IOException, InterruptedException {
        var all = new ArrayList<>(pin);
        all.addAll(command);
        var process = new ProcessBuilder(all)
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        // Whoever stops the test with Ctrl-C stops its servers, too.
        Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().unstarted(process::destroy));
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (process.isAlive() && System.nanoTime() - deadline < 0) {
            var said = listening.matcher(Files.readString(log));
            if (said.find()) {
                return new Server(process, log, Integer.parseInt(said.group(1)));
            }
            TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
        }
        process.destroyForcibly();
        throw new IOException("it does not listen: " + String.join(" ", all) + "\n" + Files.readString(log));
    }

    int port() {
        return port;
    }

    /** The number after the first match, in what it has said. */
    int said(Pattern number) throws IOException {
        var said = number.matcher(Files.readString(log));
        if (!said.find()) {
            throw new IOException("it has not said " + number + ": " + log);
        }
        return Integer.parseInt(said.group(1));
    }

    /** Memory it holds, in MiB; 0 where the system does not say. */
    long residentMib() throws IOException {
        var status = Path.of("/proc", Long.toString(process.pid()), "status");
        if (!Files.exists(status)) {
            return 0;
        }
        return Files.readAllLines(status).stream()
                .filter(line -> line.startsWith("VmRSS:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) / 1_024)
                .findFirst()
                .orElse(0);
    }

    /** What the process has had of the processor so far. */
    Duration processorTime() {
        return process.info().totalCpuDuration().orElse(Duration.ZERO);
    }

    long pid() {
        return process.pid();
    }

    @Override
    public void close() {
        process.destroy();
        try {
            if (process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
                return;
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
        process.destroyForcibly();
    }
}
