package io.pulseplane.cache;

import static org.awaitility.Awaitility.await;

import io.pulseplane.Readings;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import redis.embedded.core.ExecutableProvider;

/**
 * A real Redis, as a process that can be paused, killed and started again at the same port. It is the one that comes with
 * the build, or the one that the system property {@code redis.server} names.
 */
public final class RedisProcess implements AutoCloseable {

    private final int port = freePort();
    private final List<String> command;
    private Process process;

    public RedisProcess(String... arguments) {
        command = new ArrayList<>(List.of(
                executable().getPath(),
                "--port",
                Integer.toString(port),
                "--bind",
                "127.0.0.1",
                "--save",
                "",
                "--dir",
                System.getProperty("java.io.tmpdir")));
        command.addAll(List.of(arguments));
        start();
    }

    private static File executable() {
        var named = System.getProperty("redis.server");
        try {
            return named == null ? ExecutableProvider.newJarResourceProvider().get() : new File(named);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static int freePort() {
        try (var socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Starts it, with nothing in it, at the port it always has. */
    public void start() {
        try {
            process = new ProcessBuilder(command)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .redirectErrorStream(true)
                    .start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        await().atMost(Readings.PATIENCE).until(this::answers);
    }

    private boolean answers() {
        try {
            return ask("PING").startsWith("+PONG");
        } catch (IOException e) {
            return false;
        }
    }

    public String url() {
        return "redis://127.0.0.1:" + port;
    }

    public int port() {
        return port;
    }

    /** The first bytes of what it says to a command in a line. */
    public String ask(String line) throws IOException {
        try (var socket = connect()) {
            socket.getOutputStream().write((line + "\r\n").getBytes(StandardCharsets.ISO_8859_1));
            var answer = new byte[1 << 16];
            int read = socket.getInputStream().read(answer);
            return new String(answer, 0, Math.max(0, read), StandardCharsets.ISO_8859_1);
        }
    }

    /** A connection of its own, to speak and listen to as bytes. */
    Socket connect() throws IOException {
        var socket = new Socket();
        socket.connect(new InetSocketAddress("127.0.0.1", port), 1_000);
        socket.setSoTimeout((int) Readings.PATIENCE.toMillis());
        return socket;
    }

    public void pause() {
        signal("STOP");
    }

    /** Nothing happens if it is not paused, or not there. */
    public void resume() {
        if (process.isAlive()) {
            signal("CONT");
        }
    }

    public void kill() {
        process.destroyForcibly();
        try {
            process.waitFor();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void signal(String signal) {
        try {
            var kill = new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid())).start();
            if (!kill.waitFor(10, TimeUnit.SECONDS) || kill.exitValue() != 0) {
                throw new AssertionError("Redis could not be sent " + signal);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
