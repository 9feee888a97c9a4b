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
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.awaitility.Awaitility;

/** The packaged program, as a user starts it. */
final class Program {

    private static final long TIMEOUT_SECONDS = 60;

    /** The plane chooses, and says what it chose: whoever looked for free ports first could lose them to others. */
    static final List<String> ANY_PORTS = List.of("quarkus.grpc.server.port=0", "quarkus.http.port=0");

    private static final Pattern GRPC_PORT = Pattern.compile("gRPC listens on \\S+:(\\d+)");
    private static final Pattern HTTP_PORT = Pattern.compile("Listening on: http://\\S+?:(\\d+)");

    /** What one run of a command printed and how it ended. */
    record Run(int status, String out, String err) {}

    private Program() {}

    private static List<String> command(List<String> properties, String... arguments) {
        var program = System.getProperty("pulseplane.program");
        assertThat(program).as("where the packaged program is").isNotNull();
        boolean isJar = program.endsWith(".jar");
        var command = new ArrayList<String>();
        if (isJar) {
            command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
            // It lives for seconds: what the second compiler would win is less than what it takes.
            command.add("-XX:TieredStopAtLevel=1");
        } else {
            command.add(program);
        }
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
                throw new AssertionError("it does not end: " + String.join(" ", arguments) + "\n"
                        + Files.readString(out) + Files.readString(err));
            }
            return new Run(process.exitValue(), Files.readString(out), Files.readString(err));
        } finally {
            Files.delete(out);
            Files.delete(err);
        }
    }

    /** A port that is taken, and that nobody answers on: it is bound, but not listened on. */
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

        /** On a disk that takes no more once a file has so many KiB. */
        static Plane serveOnSmallDisk(Path directory, int maxFileKib, String... properties) throws IOException {
            return start(
                    List.of("bash", "-c", "ulimit -f " + maxFileKib + " && exec \"$@\"", "bash"),
                    directory,
                    properties);
        }

        /** Starts one and kills it after so many milliseconds, however far it has come. */
        static void killWhileStarting(Path directory, long millis, String... properties)
                throws IOException, InterruptedException {
            try (var plane = launch(List.of(), directory, properties)) {
                boolean ended = plane.process.waitFor(millis, TimeUnit.MILLISECONDS);
                assertThat(ended).as(plane.log()).isFalse();
            }
        }

        private static Plane start(List<String> within, Path directory, String... properties) throws IOException {
            var plane = launch(within, directory, properties);
            Awaitility.await().atMost(TIMEOUT_SECONDS, TimeUnit.SECONDS).until(plane::hasStarted);
            return plane;
        }

        private static Plane launch(List<String> within, Path directory, String... properties) throws IOException {
            var log = Files.createTempFile("pulseplane-", ".log");
            var all = Stream.concat(ANY_PORTS.stream(), Stream.of(properties)).toList();
            var command = new ArrayList<>(within);
            command.addAll(command(all, "serve", "--data-dir", directory.toString()));
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
            var said = line.matcher(log());
            assertThat(said.find()).as(log()).isTrue();
            return Integer.parseInt(said.group(1));
        }

        String log() throws IOException {
            return Files.readString(log);
        }

        ManagedChannel channel() throws IOException {
            return NettyChannelBuilder.forAddress("localhost", grpcPort())
                    .usePlaintext()
                    .build();
        }

        /** The channel, for calls in this role. */
        Channel as(ManagedChannel channel, String role) {
            return ClientInterceptors.intercept(channel, Tokens.bearer(Tokens.of(directory, "tester", role)));
        }

        /** The channel, for the calls of a device. */
        Channel asDevice(ManagedChannel channel, String device) {
            return ClientInterceptors.intercept(channel, Tokens.bearer(Tokens.ofDevice(directory, device)));
        }

        Path directory() {
            return directory;
        }

        /** SIGKILL. */
        void kill() {
            process.destroyForcibly().onExit().join();
        }

        /** SIGSTOP, SIGCONT; nothing happens if it is not there. */
        void signal(String signal) throws IOException, InterruptedException {
            if (process.isAlive()) {
                new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid()))
                        .start()
                        .waitFor();
            }
        }

        /** SIGTERM; the status it ended with. */
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
