package io.pulseplane.loadtest.client;

import com.google.protobuf.MessageLite;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * h2load of nghttp2, which asks faster than any client that makes messages: it sends the same bytes again and again, and
 * so shows what a server takes. Whether answers were right it cannot tell, so their size is looked at.
 */
final class H2load {

    private static final Pattern RATE = Pattern.compile("finished in [^,]+, ([0-9.]+) req/s");
    private static final Pattern REQUESTS =
            Pattern.compile("requests: .* (\\d+) succeeded, (\\d+) failed, (\\d+) errored, (\\d+) timeout");
    private static final Pattern DATA = Pattern.compile("traffic: .*\\((\\d+)\\) data");

    private static final Pattern TIME = Pattern.compile("time for request: +\\S+ +(\\S+) +(\\S+)");

    /** In milliseconds; what ends in a longer name is looked for first. */
    private static final Map<String, Double> UNITS = units();

    private static final int OVERLOAD_STREAMS = 1_000;
    private static final int CONNECTIONS = 4;
    private static final int STREAMS = 64;
    private static final int CHECK_REQUESTS = 1_000;

    /** So few that a server which is cold turns none of them away. */
    private static final int CHECK_STREAMS = 16;

    /** How much an answer may differ from another in size: in the number of its last digit. */
    private static final double TOLERANCE = 1.1;

    private final Path directory;

    H2load(Path directory) {
        this.directory = directory;
    }

    private static Map<String, Double> units() {
        var units = new LinkedHashMap<String, Double>();
        units.put("us", 1e-3);
        units.put("ms", 1.0);
        units.put("s", 1e3);
        return units;
    }

    static boolean isInstalled() {
        return version().isPresent();
    }

    static Optional<String> version() {
        return Machine.firstLineOf("h2load", "--version");
    }

    /** Fails if answers are not messages of so many bytes. What it reads while it warms up would be in the sum. */
    void check(int port, String rpc, Optional<String> token, MessageLite request, int answerBytes)
            throws IOException, InterruptedException {
        var said = run(
                List.of("-c", "1", "-m", Integer.toString(CHECK_STREAMS), "-n", Integer.toString(CHECK_REQUESTS)),
                options(token, request),
                url(port, rpc));
        checkSize(said, CHECK_REQUESTS, answerBytes);
    }

    /** To h2load, an answer that is an error is an answer, too. */
    private static void checkSize(String said, double answers, int answerBytes) throws IOException {
        double bytes = Double.parseDouble(group(DATA, said, 1)) / answers;
        int expected = 1 + Integer.BYTES + answerBytes;
        if (bytes < expected / TOLERANCE || bytes > expected * TOLERANCE) {
            throw new IOException("answers of " + bytes + " bytes, not of " + expected + "\n" + said);
        }
    }

    /** Requests a second to a gRPC rpc, whatever they are answered by. */
    double requestsPerSecond(int port, String rpc, Optional<String> token, MessageLite request, Duration measured)
            throws IOException, InterruptedException {
        return rate(run(saturationOptions(Duration.ZERO, measured), options(token, request), url(port, rpc)));
    }

    /** Answers a second of an rpc. Fails if there are others among them than messages of so many bytes. */
    double answersPerSecond(
            int port, String rpc, Optional<String> token, MessageLite request, int answerBytes, Duration measured)
            throws IOException, InterruptedException {
        var said = run(saturationOptions(Duration.ZERO, measured), options(token, request), url(port, rpc));
        checkSize(said, Double.parseDouble(group(REQUESTS, said, 1)), answerBytes);
        return rate(said);
    }

    /**
     * What became of more than a server can take.
     *
     * @param answered messages a second; whatever else came back counts for nothing
     * @param meanMillis from when HTTP/2 let a call be sent to its answer
     */
    record OverloadResult(double answered, double meanMillis, double maxMillis) {}

    /** Calls at a fixed rate, on so many connections. */
    OverloadResult overload(
            int port,
            String rpc,
            String token,
            MessageLite request,
            int answerBytes,
            int connections,
            double perSecond,
            Duration measured)
            throws IOException, InterruptedException {
        var length = List.of(
                "-c",
                Integer.toString(connections),
                "-m",
                Integer.toString(OVERLOAD_STREAMS),
                "-D",
                Long.toString(measured.toSeconds()),
                "--rps",
                Double.toString(perSecond / connections));
        var said = run(length, options(Optional.of(token), request), url(port, rpc));
        double answers = Double.parseDouble(group(DATA, said, 1)) / (1 + Integer.BYTES + answerBytes);
        return new OverloadResult(
                answers / measured.toSeconds(), millis(group(TIME, said, 2)), millis(group(TIME, said, 1)));
    }

    private static double millis(String time) {
        for (var unit : UNITS.entrySet()) {
            if (time.endsWith(unit.getKey())) {
                return Double.parseDouble(
                                time.substring(0, time.length() - unit.getKey().length()))
                        * unit.getValue();
            }
        }
        throw new IllegalArgumentException(time);
    }

    private static double rate(String said) throws IOException {
        return Double.parseDouble(group(RATE, said, 1));
    }

    private static String url(int port, String rpc) {
        return "http://127.0.0.1:" + port + "/" + rpc;
    }

    private List<String> options(Optional<String> token, MessageLite request) throws IOException {
        var body = directory.resolve("h2load-request.bin");
        var message = request.toByteArray();
        Files.write(
                body,
                ByteBuffer.allocate(1 + Integer.BYTES + message.length)
                        .put((byte) 0)
                        .putInt(message.length)
                        .put(message)
                        .array());
        var options = new ArrayList<>(
                List.of("-H", "content-type: application/grpc", "-H", "te: trailers", "-d", body.toString()));
        token.ifPresent(bearer -> options.addAll(List.of("-H", "authorization: Bearer " + bearer)));
        return options;
    }

    /** Requests a second for a page. */
    double pagesPerSecond(int port, String path, Duration warmUp, Duration measured)
            throws IOException, InterruptedException {
        return rate(run(saturationOptions(warmUp, measured), List.of(), "http://127.0.0.1:" + port + path));
    }

    private static List<String> saturationOptions(Duration warmUp, Duration measured) {
        return List.of(
                "-c",
                Integer.toString(CONNECTIONS),
                "-m",
                Integer.toString(STREAMS),
                "-D",
                Long.toString(measured.toSeconds()),
                "--warm-up-time",
                Long.toString(warmUp.toSeconds()));
    }

    private static String run(List<String> length, List<String> options, String url)
            throws IOException, InterruptedException {
        var command = new ArrayList<String>();
        command.add("h2load");
        command.addAll(length);
        command.addAll(options);
        command.add(url);
        var said = Machine.outputOf(command);
        if (!"0".equals(group(REQUESTS, said, 2)) || !"0".equals(group(REQUESTS, said, 3))) {
            throw new IOException("requests failed\n" + said);
        }
        return said;
    }

    private static String group(Pattern pattern, String said, int group) throws IOException {
        var found = pattern.matcher(said);
        if (!found.find()) {
            throw new IOException("h2load says nothing of " + pattern + "\n" + said);
        }
        return found.group(group);
    }
}
