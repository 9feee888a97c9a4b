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

/** A server in a process of its own, on a core of its own, on a port of its own choice. */
final class ServerProcess implements AutoCloseable {

    private static final Duration TIMEOUT = Duration.ofSeconds(60);
    private static final long POLL_MILLIS = 50;
    private static final long LISTENER_POLL_NANOS = 1_000_000;

    private final Process process;
    private final Path log;
    private final int port;

    private ServerProcess(Process process, Path log, int port) {
        this.process = process;
        this.log = log;
        this.port = port;
    }

    /** @param listening what it says when it listens; its first group is the port */
    static ServerProcess start(Path log, List<String> pin, List<String> command, Pattern listening)
            throws IOException, InterruptedException {
        var all = new ArrayList<>(pin);
        all.addAll(command);
        var process = process(all, log);
        long deadline = System.nanoTime() + TIMEOUT.toNanos();
        while (process.isAlive() && System.nanoTime() - deadline < 0) {
            var said = listening.matcher(Files.readString(log));
            if (said.find()) {
                return new ServerProcess(process, log, Integer.parseInt(said.group(1)));
            }
            TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
        }
        process.destroyForcibly();
        throw new IOException("it does not listen: " + String.join(" ", all) + "\n" + Files.readString(log));
    }

    /** Of a server that says nothing. */
    static ServerProcess startAt(int port, Path log, List<String> pin, List<String> command)
            throws IOException, InterruptedException {
        var all = new ArrayList<>(pin);
        all.addAll(command);
        var process = process(all, log);
        awaitListener(port);
        return new ServerProcess(process, log, port);
    }

    /** Returns as soon as somebody listens there. */
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
        throw new IllegalStateException("nobody listens on " + port);
    }

    static int freePort() throws IOException {
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    /** Whoever stops the test with Ctrl-C stops its servers, too. */
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
            if (process.waitFor(TIMEOUT.toSeconds(), TimeUnit.SECONDS)) {
                return;
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
        process.destroyForcibly();
    }
}
