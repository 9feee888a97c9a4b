package io.pulseplane.loadtest.client;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Pattern;

/** Runs a server in a process of its own. */
final class ServerProcess implements AutoCloseable {

    private static final Duration TIMEOUT = Duration.ofSeconds(60);
    private static final long POLL_MILLIS = 50;
    private static final long LISTENER_POLL_NANOS = 1_000_000;

    private final Process process;
    private final int port;

    private ServerProcess(Process process, int port) {
        this.process = process;
        this.port = port;
    }

    /**
     * Starts a server that chooses its port and prints it.
     *
     * @param pin the start of the command, which pins the process to a core
     * @param listening what the server prints when it listens; the first group is the port
     */
    static ServerProcess start(Path log, List<String> pin, List<String> command, Pattern listening)
            throws IOException, InterruptedException {
        var pinnedCommand = new ArrayList<>(pin);
        pinnedCommand.addAll(command);
        var process = process(pinnedCommand, log);
        long deadline = System.nanoTime() + TIMEOUT.toNanos();
        while (process.isAlive() && System.nanoTime() - deadline < 0) {
            var match = listening.matcher(Files.readString(log));
            if (match.find()) {
                return new ServerProcess(process, Integer.parseInt(match.group(1)));
            }
            TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
        }
        process.destroyForcibly();
        throw new IOException(
                "the server does not listen: " + String.join(" ", pinnedCommand) + "\n" + Files.readString(log));
    }

    /** Starts a server that listens on this port and prints nothing. */
    static ServerProcess startAt(int port, Path log, List<String> pin, List<String> command)
            throws IOException, InterruptedException {
        var pinnedCommand = new ArrayList<>(pin);
        pinnedCommand.addAll(command);
        var process = process(pinnedCommand, log);
        awaitListener(port);
        return new ServerProcess(process, port);
    }

    /** Waits until a process listens on this port. */
    static void awaitListener(int port) {
        long deadline = System.nanoTime() + TIMEOUT.toNanos();
        while (System.nanoTime() - deadline < 0) {
            try (var socket = new Socket()) {
                socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
                return;
            } catch (IOException _) {
                LockSupport.parkNanos(LISTENER_POLL_NANOS);
            }
        }
        throw new IllegalStateException("no process listens on port " + port);
    }

    static int freePort() throws IOException {
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    /** Starts the process, and stops it when this process ends, as after Ctrl-C. */
    private static Process process(List<String> command, Path log) throws IOException {
        var process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().unstarted(process::destroy));
        return process;
    }

    int port() {
        return port;
    }

    /** Resident memory in MiB; 0 if the system has no /proc. */
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

    /** The processor time that the process has used so far. */
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
            if (process.waitFor(TIMEOUT.toSeconds(), TimeUnit.SECONDS)) {
                return;
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
        process.destroyForcibly();
    }
}
