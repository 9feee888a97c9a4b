import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.LongStream;

/**
 * Measures how long a plane takes from exec to its first answered call, and how much memory it uses. The call is a
 * GetLatest with a token over loopback, so it passes the whole gate: token, policy, consent, and a synced audit record.
 * A cold plane may miss its own deadline; then the client calls again. Any other answer without readings ends the
 * measurement.
 *
 * <p>Time starts right before posix_spawn and so includes the creation of the process. How long that takes alone is
 * measured with /bin/true and printed as well. Page faults, resident memory and threads are read from /proc at the
 * first answer. Linux only.
 *
 * <pre>java --enable-native-access=ALL-UNNAMED native/startup/Startup.java
 * [--runs N] [--readings N] [--journal] [--keep DIR] [-- COMMAND...]</pre>
 *
 * COMMAND starts the plane. Its default is src/plane/target/pulseplane; it may have "-D…" properties or be "java … -jar
 * …". Without --readings the store has one batch of one patient. The readings are in chunks; with --journal they are
 * still in the journal.
 */
public final class Startup {

    private static final String PATIENT = "sim-patient-0001";
    private static final long TIMEOUT_NANOS = TimeUnit.SECONDS.toNanos(60);
    private static final long POLL_NANOS = TimeUnit.MICROSECONDS.toNanos(50);
    private static final int WARM_UP = 3;

    /** The figures of one start. */
    private record StartSample(
            long connectedMicros,
            long answeredMicros,
            long attempts,
            long minorFaults,
            long majorFaults,
            long residentKib,
            long threads) {}

    private final List<String> program;
    private final Path dataDirectory;
    private final List<String> serveCommand;

    private Startup(List<String> program, Path dataDirectory, int port) {
        this.program = program;
        this.dataDirectory = dataDirectory;
        this.serveCommand = new ArrayList<>(program);
        int options = program.size();
        for (int i = 0; i < program.size(); i++) {
            if (program.get(i).equals("-jar")) {
                options = i;
                break;
            }
        }
        serveCommand.addAll(options, List.of("-Dquarkus.grpc.server.port=" + port, "-Dquarkus.http.port=0"));
        serveCommand.addAll(List.of("serve", "--data-dir", dataDirectory.toString()));
    }

    public static void main(String[] arguments) throws Exception {
        int runs = 50;
        long readings = 100;
        boolean isCompacted = true;
        Path keep = null;
        var program = List.of("src/plane/target/pulseplane");
        for (int i = 0; i < arguments.length; i++) {
            switch (arguments[i]) {
                case "--runs" -> runs = Integer.parseInt(arguments[++i]);
                case "--readings" -> readings = Long.parseLong(arguments[++i]);
                case "--journal" -> isCompacted = false;
                case "--keep" -> keep = Path.of(arguments[++i]);
                case "--" -> {
                    program = List.of(arguments).subList(i + 1, arguments.length);
                    i = arguments.length;
                }
                default -> throw new IllegalArgumentException(arguments[i]);
            }
        }
        var directory = keep == null ? Files.createTempDirectory("pulseplane-startup-") : keep;
        try {
            int port = freePort();
            new Startup(program, directory.resolve("data"), port).measure(runs, readings, isCompacted, port);
        } finally {
            if (keep == null) {
                delete(directory);
            }
        }
    }

    private void measure(int runs, long readings, boolean isCompacted, int port) throws Exception {
        if (!Files.exists(dataDirectory)) {
            fill(readings, isCompacted, port);
        }
        var token = output(command(
                        "token",
                        "--role",
                        "authorized_medical_staff",
                        "--ttl",
                        "1d",
                        "--data-dir",
                        dataDirectory.toString()))
                .strip();
        var call = new RawCall(port, token);
        for (int i = 0; i < WARM_UP; i++) {
            start(call);
        }
        var starts = new ArrayList<StartSample>();
        for (int i = 0; i < runs; i++) {
            starts.add(start(call));
        }
        System.out.printf(Locale.ROOT, "%d starts of %s%n", runs, String.join(" ", serveCommand));
        row("", "min", "median", "p95");
        row("exec to first answer, ms", starts.stream().mapToLong(StartSample::answeredMicros), 1e3);
        row("exec to first connection, ms", starts.stream().mapToLong(StartSample::connectedMicros), 1e3);
        row("calls until one was in time", starts.stream().mapToLong(StartSample::attempts), 1);
        row(
                "a process that does nothing, ms",
                LongStream.generate(Startup::emptyProcessMicros).limit(runs),
                1e3);
        row("page faults", starts.stream().mapToLong(StartSample::minorFaults), 1);
        row("of those from disk", starts.stream().mapToLong(StartSample::majorFaults), 1);
        row("resident, MiB", starts.stream().mapToLong(StartSample::residentKib), 1 << 10);
        row("threads", starts.stream().mapToLong(StartSample::threads), 1);
    }

    /** Lets a plane store readings of monitors, and grants consent for the patient of the call. */
    private void fill(long readings, boolean isCompacted, int port) throws Exception {
        long pid = PosixSpawn.start(serveCommand);
        try {
            awaitPort(port, System.nanoTime());
            var target = "localhost:" + port;
            output(command(
                    "simulate",
                    "--assign",
                    "--target",
                    target,
                    "--data-dir",
                    dataDirectory.toString(),
                    "--rate",
                    "max",
                    "--devices",
                    readings > 10_000 ? "50" : "1",
                    "--readings",
                    Long.toString(readings)));
            output(command(
                    "consent",
                    "grant",
                    "--target",
                    target,
                    "--data-dir",
                    dataDirectory.toString(),
                    "--patient",
                    PATIENT));
        } finally {
            PosixSpawn.stop(pid, PosixSpawn.SIGTERM);
        }
        if (isCompacted) {
            // Older readings of a plane are in chunks. Those of the last minute are in the journal, which the start
            // reads.
            output(command("store", "compact", "--data-dir", dataDirectory.toString()));
        }
    }

    private StartSample start(RawCall call) throws IOException {
        long startNanos = System.nanoTime();
        long pid = PosixSpawn.start(serveCommand);
        try (var socket = awaitPort(call.port, startNanos)) {
            long connected = System.nanoTime();
            int attempts = call.make(socket);
            long answered = System.nanoTime();
            var stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
            var fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
            // The numbers are those of proc(5); the list starts with the third field.
            return new StartSample(
                    (connected - startNanos) / 1_000,
                    (answered - startNanos) / 1_000,
                    attempts,
                    Long.parseLong(fields[10 - 3]),
                    Long.parseLong(fields[12 - 3]),
                    status(pid, "VmRSS:"),
                    status(pid, "Threads:"));
        } finally {
            PosixSpawn.stop(pid, PosixSpawn.SIGTERM);
        }
    }

    private static long status(long pid, String name) throws IOException {
        return Files.readAllLines(Path.of("/proc/" + pid + "/status")).stream()
                .filter(line -> line.startsWith(name))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                .findFirst()
                .orElseThrow();
    }

    private static Socket awaitPort(int port, long since) {
        while (System.nanoTime() - since < TIMEOUT_NANOS) {
            var socket = new Socket();
            try {
                socket.setTcpNoDelay(true);
                socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
                return socket;
            } catch (IOException _) {
                try {
                    socket.close();
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
                LockSupport.parkNanos(POLL_NANOS);
            }
        }
        throw new IllegalStateException("no process listens on port " + port);
    }

    private static long emptyProcessMicros() {
        long startNanos = System.nanoTime();
        PosixSpawn.stop(PosixSpawn.start(List.of("/bin/true")), 0);
        return (System.nanoTime() - startNanos) / 1_000;
    }

    private List<String> command(String... arguments) {
        var command = new ArrayList<>(program);
        command.addAll(List.of(arguments));
        return command;
    }

    private static String output(List<String> command) throws IOException, InterruptedException {
        var process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        var output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IllegalStateException("failed: " + String.join(" ", command) + "\n" + output);
        }
        return output;
    }

    private static int freePort() throws IOException {
        try (var socket = new java.net.ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    private static void delete(Path directory) throws IOException {
        try (var files = Files.walk(directory)) {
            for (var file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    private static void row(String label, LongStream values, double unit) {
        var sorted = values.sorted().toArray();
        row(
                label,
                Arrays.stream(new double[] {0, 0.5, 0.95})
                        .mapToObj(q -> String.format(
                                Locale.ROOT,
                                unit == 1 ? "%.0f" : "%.2f",
                                sorted[Math.max(0, (int) Math.ceil(q * sorted.length) - 1)] / unit))
                        .toArray(String[]::new));
    }

    private static void row(String label, String... values) {
        System.out.printf("%-34s %9s %9s %9s%n", label, values[0], values[1], values[2]);
    }

    /**
     * Sends one GetLatest as bytes: HTTP/2 with prior knowledge, header fields never indexed. So the client needs no
     * warm-up, and the measurement is that of the plane.
     */
    private static final class RawCall {

        private static final int DATA = 0;
        private static final int HEADERS = 1;
        private static final int SETTINGS = 4;
        private static final int PING = 6;
        private static final int GOAWAY = 7;
        private static final int END_STREAM = 1;
        private static final int END_HEADERS = 4;
        private static final int ACK = 1;

        private final int port;
        private final String token;

        private RawCall(int port, String token) {
            this.port = port;
            this.token = token;
        }

        private byte[] request(int stream) {
            var buffer = ByteBuffer.allocate(16_384);
            if (stream == 1) {
                buffer.put("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
                // No table of header fields, so that the client can read trailers without those before.
                frame(buffer, SETTINGS, 0, 0, new byte[] {0, 1, 0, 0, 0, 0});
            }
            var headers = ByteBuffer.allocate(8_192);
            field(headers, ":method", "POST");
            field(headers, ":scheme", "http");
            field(headers, ":path", "/pulseplane.v1.QueryService/GetLatest");
            field(headers, ":authority", "localhost:" + port);
            field(headers, "content-type", "application/grpc");
            field(headers, "te", "trailers");
            field(headers, "authorization", "Bearer " + token);
            frame(buffer, HEADERS, END_HEADERS, stream, Arrays.copyOf(headers.array(), headers.position()));
            var patient = PATIENT.getBytes(StandardCharsets.US_ASCII);
            // patient_id is field 1 of the request.
            var message = ByteBuffer.allocate(7 + patient.length)
                    .put((byte) 0)
                    .putInt(2 + patient.length)
                    .put((byte) 0x0a)
                    .put((byte) patient.length)
                    .put(patient);
            frame(buffer, DATA, END_STREAM, stream, message.array());
            return Arrays.copyOf(buffer.array(), buffer.position());
        }

        private static void frame(ByteBuffer buffer, int type, int flags, int stream, byte[] payload) {
            buffer.put((byte) (payload.length >> 16)).putShort((short) payload.length);
            buffer.put((byte) type).put((byte) flags).putInt(stream).put(payload);
        }

        private static void field(ByteBuffer buffer, String name, String value) {
            buffer.put((byte) 0x10);
            string(buffer, name);
            string(buffer, value);
        }

        /** A string of RFC 7541: a length with a prefix of 7 bits, and no Huffman code. */
        private static void string(ByteBuffer buffer, String text) {
            int length = text.length();
            if (length < 127) {
                buffer.put((byte) length);
            } else {
                buffer.put((byte) 127);
                for (length -= 127; length >= 128; length >>= 7) {
                    buffer.put((byte) ((length & 127) | 128));
                }
                buffer.put((byte) length);
            }
            buffer.put(text.getBytes(StandardCharsets.US_ASCII));
        }

        /** Calls until the plane answers in time; returns the number of calls. */
        private int make(Socket socket) throws IOException {
            var out = socket.getOutputStream();
            var in = new DataInputStream(socket.getInputStream());
            long since = System.nanoTime();
            int attempts = 0;
            do {
                out.write(request(1 + 2 * attempts++));
            } while (!isAnswered(in, out) && System.nanoTime() - since < TIMEOUT_NANOS);
            return attempts;
        }

        private static boolean isAnswered(DataInputStream in, OutputStream out) throws IOException {
            int answerBytes = 0;
            while (true) {
                int lengthAndType = in.readInt();
                int flags = in.readUnsignedByte();
                in.readInt();
                var payload = in.readNBytes(lengthAndType >>> 8);
                switch (lengthAndType & 255) {
                    case DATA -> answerBytes += payload.length;
                    case HEADERS -> {
                        if ((flags & END_STREAM) != 0) {
                            return isInTime(payload, answerBytes);
                        }
                    }
                    case SETTINGS, PING -> {
                        if ((flags & ACK) == 0) {
                            boolean isPing = (lengthAndType & 255) == PING;
                            var ack = ByteBuffer.allocate(9 + (isPing ? payload.length : 0));
                            frame(ack, lengthAndType & 255, ACK, 0, isPing ? payload : new byte[0]);
                            out.write(ack.array());
                        }
                    }
                    case GOAWAY -> throw new IllegalStateException("the plane closed the connection");
                    default -> {}
                }
            }
        }

        /**
         * Whether the answer has readings (grpc-status 0 and more than the five bytes of an empty message) or came too
         * late (grpc-status 4). Servers do not compress these fields.
         */
        private static boolean isInTime(byte[] trailers, int answerBytes) {
            var output = new String(trailers, StandardCharsets.ISO_8859_1);
            if (output.contains("grpc-status\u00010") && answerBytes > 5) {
                return true;
            }
            if (output.contains("grpc-status\u00014")) {
                return false;
            }
            throw new IllegalStateException("not an answer with readings: " + output);
        }
    }

    /** Calls posix_spawn directly: the JDK starts a process through a helper process, whose time would be included. */
    private static final class PosixSpawn {

        private static final int SIGTERM = 15;
        private static final int O_WRONLY = 1;

        private static final Linker LINKER = Linker.nativeLinker();
        private static final MethodHandle SPAWN = find(
                "posix_spawn",
                ValueLayout.ADDRESS,
                ValueLayout.ADDRESS,
                ValueLayout.ADDRESS,
                ValueLayout.ADDRESS,
                ValueLayout.ADDRESS,
                ValueLayout.ADDRESS);
        private static final MethodHandle ACTIONS = find("posix_spawn_file_actions_init", ValueLayout.ADDRESS);
        private static final MethodHandle OPEN = find(
                "posix_spawn_file_actions_addopen",
                ValueLayout.ADDRESS,
                ValueLayout.JAVA_INT,
                ValueLayout.ADDRESS,
                ValueLayout.JAVA_INT,
                ValueLayout.JAVA_INT);
        private static final MethodHandle KILL = find("kill", ValueLayout.JAVA_INT, ValueLayout.JAVA_INT);
        private static final MethodHandle WAIT =
                find("waitpid", ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_INT);

        private static MethodHandle find(String name, MemoryLayout... arguments) {
            return LINKER.downcallHandle(
                    LINKER.defaultLookup().find(name).orElseThrow(),
                    FunctionDescriptor.of(ValueLayout.JAVA_INT, arguments));
        }

        private static int call(MethodHandle function, Object... arguments) {
            try {
                return (int) function.invokeWithArguments(arguments);
            } catch (Throwable e) {
                throw new IllegalStateException(e);
            }
        }

        /** Starts a process without output, with only the environment that a JVM needs. */
        static int start(List<String> command) {
            try (var arena = Arena.ofConfined()) {
                var pid = arena.allocate(ValueLayout.JAVA_INT);
                var actions = arena.allocate(512, 16);
                call(ACTIONS, actions);
                var devNull = arena.allocateFrom("/dev/null");
                for (int fd = 1; fd <= 2; fd++) {
                    call(OPEN, actions, fd, devNull, O_WRONLY, 0);
                }
                var path = arena.allocateFrom(command.getFirst());
                int error = call(
                        SPAWN,
                        pid,
                        path,
                        actions,
                        MemorySegment.NULL,
                        strings(arena, command),
                        strings(arena, List.of("PATH=/usr/bin:/bin", "HOME=/nonexistent")));
                if (error != 0) {
                    throw new IllegalStateException("cannot start " + command + ": error " + error);
                }
                return pid.get(ValueLayout.JAVA_INT, 0);
            }
        }

        private static MemorySegment strings(Arena arena, List<String> strings) {
            var array = arena.allocate(ValueLayout.ADDRESS, strings.size() + 1L);
            for (int i = 0; i < strings.size(); i++) {
                array.setAtIndex(ValueLayout.ADDRESS, i, arena.allocateFrom(strings.get(i)));
            }
            return array;
        }

        static void stop(long pid, int signal) {
            if (signal != 0) {
                call(KILL, (int) pid, signal);
            }
            call(WAIT, (int) pid, MemorySegment.NULL, 0);
        }
    }
}
