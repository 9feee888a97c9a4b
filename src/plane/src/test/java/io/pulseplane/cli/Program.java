package io.pulseplane.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import io.pulseplane.api.Tokens;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.awaitility.Awaitility;

/** Runs the packaged program in processes of its own, as a user does. */
final class Program {

    private static final long TIMEOUT_SECONDS = 60;

    /** Lets the plane choose free ports, which it logs. A test that chose them could lose them to another process. */
    static final List<String> ANY_PORTS = List.of("quarkus.grpc.server.port=0", "quarkus.http.port=0");

    /** Most tests are not about who may write for whom. AssignmentIT is. */
    private static final String ANY_PATIENTS = "pulseplane.ingest.patients=any";

    private static final Pattern GRPC_PORT = Pattern.compile("gRPC listens on \\S+:(\\d+)");
    private static final Pattern HTTP_PORT = Pattern.compile("Listening on: http://\\S+?:(\\d+)");

    /** What a command printed, and the status that it ended with. */
    record Run(int status, String out, String err) {}

    private Program() {}

    private static List<String> command(List<String> properties, String... arguments) {
        return command(List.of(), properties, arguments);
    }

    /** @param options of the virtual machine; the executable takes some of them too */
    private static List<String> command(List<String> options, List<String> properties, String... arguments) {
        var program = System.getProperty("pulseplane.program");
        assertThat(program).as("system property pulseplane.program").isNotNull();
        boolean isJar = program.endsWith(".jar");
        var command = new ArrayList<String>();
        if (isJar) {
            command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
            // The process lives for seconds: the second compiler would cost more than it gains.
            command.add("-XX:TieredStopAtLevel=1");
        } else {
            command.add(program);
        }
        command.addAll(options);
        properties.forEach(property -> command.add("-D" + property));
        if (isJar) {
            command.addAll(List.of("-jar", program));
        }
        command.addAll(List.of(arguments));
        return command;
    }

    /** Runs a command to its end. */
    static Run run(String... arguments) throws IOException, InterruptedException {
        return run(List.of(), arguments);
    }

    static Run run(List<String> properties, String... arguments) throws IOException, InterruptedException {
        var out = Files.createTempFile("pulseplane-", ".out");
        var err = Files.createTempFile("pulseplane-", ".err");
        try {
            var process = new ProcessBuilder(command(properties, arguments))
                    .redirectOutput(out.toFile())
                    .redirectError(err.toFile())
                    .start();
            if (!process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new AssertionError("the command did not end: " + String.join(" ", arguments) + "\n"
                        + Files.readString(out) + Files.readString(err));
            }
            return new Run(process.exitValue(), Files.readString(out), Files.readString(err));
        } finally {
            Files.delete(out);
            Files.delete(err);
        }
    }

    /**
     * A socket with a port that no other process gets and that refuses connections: it is bound and does not listen.
     */
    static Socket unansweredPort() throws IOException {
        var socket = new Socket();
        socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        return socket;
    }

    /** A plane in a process of its own. */
    static final class Plane implements AutoCloseable {

        private final Path directory;
        private final Process process;
        private final Path log;

        private Plane(Path directory, Process process, Path log) {
            this.directory = directory;
            this.process = process;
            this.log = log;
        }

        static Plane serve(Path directory, String... properties) throws IOException {
            return start(List.of(), directory, properties);
        }

        /** Starts a plane with the default for which patients devices may write. */
        static Plane serveWithDefaultPatients(Path directory) throws IOException {
            return awaitStart(launch(List.of(), List.of(), directory, ANY_PORTS));
        }

        /** Starts a plane whose files can have at most this many KiB, as if its disk were full then. */
        static Plane serveOnSmallDisk(Path directory, int maxFileKib, String... properties) throws IOException {
            return start(
                    List.of("bash", "-c", "ulimit -f " + maxFileKib + " && exec \"$@\"", "bash"),
                    directory,
                    properties);
        }

        /** Starts a plane with a heap of this many MiB. */
        static Plane serveWithHeap(int maxHeapMib, Path directory, String... properties) throws IOException {
            return start(List.of(), List.of("-Xmx" + maxHeapMib + "m"), directory, properties);
        }

        /**
         * Starts a plane and kills it as soon as the condition holds, however far its start has come.
         *
         * @return whether the plane was still starting
         */
        static boolean killWhileStarting(Path directory, Callable<Boolean> condition, String... properties)
                throws Exception {
            try (var plane = launch(List.of(), List.of(), directory, withDefaults(properties))) {
                Awaitility.await()
                        .atMost(TIMEOUT_SECONDS, TimeUnit.SECONDS)
                        .pollDelay(Duration.ZERO)
                        .pollInterval(Duration.ofMillis(1))
                        .until(() -> condition.call() || plane.hasStarted());
                plane.kill();
                return !plane.log().contains("started in");
            }
        }

        private static Plane start(List<String> launcher, Path directory, String... properties) throws IOException {
            return start(launcher, List.of(), directory, properties);
        }

        private static Plane start(List<String> launcher, List<String> options, Path directory, String... properties)
                throws IOException {
            return awaitStart(launch(launcher, options, directory, withDefaults(properties)));
        }

        private static Plane awaitStart(Plane plane) {
            Awaitility.await().atMost(TIMEOUT_SECONDS, TimeUnit.SECONDS).until(plane::hasStarted);
            return plane;
        }

        private static List<String> withDefaults(String... properties) {
            return Stream.of(ANY_PORTS.stream(), Stream.of(ANY_PATIENTS), Stream.of(properties))
                    .flatMap(Function.identity())
                    .toList();
        }

        private static Plane launch(
                List<String> launcher, List<String> options, Path directory, List<String> properties)
                throws IOException {
            var log = Files.createTempFile("pulseplane-", ".log");
            var command = new ArrayList<>(launcher);
            command.addAll(Program.command(options, properties, "serve", "--data-dir", directory.toString()));
            var process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(log.toFile())
                    .start();
            return new Plane(directory, process, log);
        }

        private boolean hasStarted() throws IOException {
            assertThat(process.isAlive()).as(log()).isTrue();
            return log().contains("started in");
        }

        String target() throws IOException {
            return "localhost:" + grpcPort();
        }

        private int grpcPort() throws IOException {
            return port(GRPC_PORT);
        }

        int httpPort() throws IOException {
            return port(HTTP_PORT);
        }

        private int port(Pattern line) throws IOException {
            var match = line.matcher(log());
            assertThat(match.find()).as(log()).isTrue();
            return Integer.parseInt(match.group(1));
        }

        String log() throws IOException {
            return Files.readString(log);
        }

        ManagedChannel channel() throws IOException {
            return NettyChannelBuilder.forAddress("localhost", grpcPort())
                    .usePlaintext()
                    .build();
        }

        /** The channel with a token of this role. */
        Channel as(ManagedChannel channel, String role) {
            return ClientInterceptors.intercept(channel, Tokens.bearer(Tokens.of(directory, "tester", role)));
        }

        /** The channel with a token of this device. */
        Channel asDevice(ManagedChannel channel, String device) {
            return ClientInterceptors.intercept(channel, Tokens.bearer(Tokens.ofDevice(directory, device)));
        }

        Path directory() {
            return directory;
        }

        /** Sends SIGKILL and waits for the end. */
        void kill() {
            process.destroyForcibly().onExit().join();
        }

        /** Sends a signal such as STOP or CONT; does nothing if the process has ended. */
        void signal(String signal) throws IOException, InterruptedException {
            if (process.isAlive()) {
                new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid()))
                        .start()
                        .waitFor();
            }
        }

        /** Waits until the process ends by itself; returns its status. */
        int awaitEnd(long seconds) throws InterruptedException {
            assertThat(process.waitFor(seconds, TimeUnit.SECONDS)).isTrue();
            return process.exitValue();
        }

        /** Sends SIGTERM and waits; returns the status that the process ended with. */
        int stop() throws InterruptedException {
            process.destroy();
            assertThat(process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS)).isTrue();
            return process.exitValue();
        }

        @Override
        public void close() throws IOException {
            kill();
            Files.deleteIfExists(log);
        }
    }
}
