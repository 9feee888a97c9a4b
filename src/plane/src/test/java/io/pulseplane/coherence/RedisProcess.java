package io.pulseplane.coherence;

import static org.awaitility.Awaitility.await;

import io.pulseplane.ReadingFixtures;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import redis.embedded.core.ExecutableProvider;

/**
 * A real Redis process that can be paused, killed and started again at the same port. The executable comes with the
 * build, or from the system property {@code redis.server}.
 */
public final class RedisProcess implements AutoCloseable {

    private static final int SLOTS = 16_384;
    private static final int MAX_PORT = 55_535;

    private final int port = freePort();
    private final List<String> command;
    private Process process;

    public RedisProcess(String... arguments) {
        this(List.of(), List.of(arguments));
    }

    private RedisProcess(List<String> leadingArguments, List<String> arguments) {
        command = new ArrayList<>(List.of(executable().getPath()));
        command.addAll(leadingArguments);
        command.addAll(List.of(
                "--port",
                Integer.toString(port),
                "--bind",
                "127.0.0.1",
                "--save",
                "",
                "--dir",
                System.getProperty("java.io.tmpdir")));
        command.addAll(arguments);
        start();
    }

    /** Starts a Sentinel for a master with the name "mymaster". It fails over after 300 ms without the master. */
    public static RedisProcess sentinelOf(RedisProcess master) {
        try {
            var file = Files.createTempFile("sentinel", ".conf");
            file.toFile().deleteOnExit();
            Files.writeString(file, """
                    sentinel monitor mymaster 127.0.0.1 %d 1
                    sentinel down-after-milliseconds mymaster 300
                    sentinel failover-timeout mymaster 2000
                    """.formatted(master.port));
            return new RedisProcess(List.of(file.toString()), List.of("--sentinel"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Starts the nodes of a cluster, each with its share of the slots and without a replica. */
    public static List<RedisProcess> cluster(int count) {
        var nodes = Stream.generate(() -> new RedisProcess(
                        "--cluster-enabled",
                        "yes",
                        "--cluster-node-timeout",
                        "1000",
                        "--cluster-config-file",
                        nodesFile()))
                .limit(count)
                .toList();
        try {
            for (int i = 0; i < count; i++) {
                var slots = IntStream.range(i * SLOTS / count, (i + 1) * SLOTS / count)
                        .mapToObj(Integer::toString)
                        .collect(Collectors.joining(" "));
                nodes.get(i).send("CLUSTER ADDSLOTS " + slots);
                nodes.get(i).send("CLUSTER SET-CONFIG-EPOCH " + (i + 1));
                nodes.getFirst().send("CLUSTER MEET 127.0.0.1 " + nodes.get(i).port);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        await().atMost(ReadingFixtures.TIMEOUT)
                .until(() -> nodes.stream().allMatch(node -> node.answerContains("CLUSTER INFO", "cluster_state:ok")));
        return nodes;
    }

    private static String nodesFile() {
        try {
            var file = Files.createTempDirectory("redis").resolve("nodes.conf");
            file.toFile().deleteOnExit();
            return file.toString();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Whether the reply to a command contains a text; false if there is no reply. */
    boolean answerContains(String line, String text) {
        try {
            return send(line).contains(text);
        } catch (IOException e) {
            return false;
        }
    }

    private static File executable() {
        var configured = System.getProperty("redis.server");
        try {
            return configured == null
                    ? ExecutableProvider.newJarResourceProvider().get()
                    : new File(configured);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Leaves room for a second port: a node of a cluster also listens at its port plus 10,000. */
    private static int freePort() {
        try (var socket = new ServerSocket(0)) {
            return socket.getLocalPort() <= MAX_PORT ? socket.getLocalPort() : freePort();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Starts Redis, empty, at the same port as before. */
    public void start() {
        try {
            process = new ProcessBuilder(command)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .redirectErrorStream(true)
                    .start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        await().atMost(ReadingFixtures.TIMEOUT).until(this::answers);
    }

    private boolean answers() {
        try {
            return send("PING").startsWith("+PONG");
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

    /** Sends a command and returns the first bytes of the reply. */
    public String send(String line) throws IOException {
        try (var socket = connect()) {
            socket.getOutputStream().write((line + "\r\n").getBytes(StandardCharsets.ISO_8859_1));
            var answer = new byte[1 << 16];
            int read = socket.getInputStream().read(answer);
            return new String(answer, 0, Math.max(0, read), StandardCharsets.ISO_8859_1);
        }
    }

    /** Opens a raw connection. */
    Socket connect() throws IOException {
        var socket = new Socket();
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 1_000);
        socket.setSoTimeout((int) ReadingFixtures.TIMEOUT.toMillis());
        return socket;
    }

    public void pause() {
        signal("STOP");
    }

    /** Has no effect if the process is not paused or not alive. */
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
