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
 * Runs h2load of nghttp2. It sends the same bytes again and again, and so is faster than any client that encodes
 * messages and shows the peak of a server. It cannot check the content of answers, so their size is checked.
 */
final class H2load {

    private static final Pattern RATE = Pattern.compile("finished in [^,]+, ([0-9.]+) req/s");
    private static final Pattern REQUESTS =
            Pattern.compile("requests: .* (\\d+) succeeded, (\\d+) failed, (\\d+) errored, (\\d+) timeout");
    private static final Pattern DATA = Pattern.compile("traffic: .*\\((\\d+)\\) data");

    private static final Pattern TIME = Pattern.compile("time for request: +\\S+ +(\\S+) +(\\S+)");

    /** Milliseconds by unit. Longer units come first, because "ms" ends with "s". */
    private static final Map<String, Double> UNITS = units();

    private static final int OVERLOAD_STREAMS = 1_000;
    private static final int CONNECTIONS = 4;
    private static final int STREAMS = 64;
    private static final int CHECK_REQUESTS = 1_000;

    /** Few enough that a cold server refuses none of them. */
    private static final int CHECK_STREAMS = 16;

    /** The factor by which the size of an answer may differ. */
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

    /**
     * Fails if answers are not messages of this size. Has no warm-up, because h2load would add its bytes to the sum.
     */
    void check(int port, String rpc, Optional<String> token, MessageLite request, int answerBytes)
            throws IOException, InterruptedException {
        var output = run(
                List.of("-c", "1", "-m", Integer.toString(CHECK_STREAMS), "-n", Integer.toString(CHECK_REQUESTS)),
                options(token, request),
                url(port, rpc));
        checkSize(output, CHECK_REQUESTS, answerBytes);
    }

    /** Checks the size of the answers, because h2load counts gRPC errors as successful answers. */
    private static void checkSize(String output, double answers, int answerBytes) throws IOException {
        double bytes = Double.parseDouble(group(DATA, output, 1)) / answers;
        int expected = 1 + Integer.BYTES + answerBytes;
        if (bytes < expected / TOLERANCE || bytes > expected * TOLERANCE) {
            throw new IOException("answers have " + bytes + " bytes, expected " + expected + "\n" + output);
        }
    }

    /** Requests a second to an rpc, whatever the answers are. */
    double requestsPerSecond(int port, String rpc, Optional<String> token, MessageLite request, Duration measured)
            throws IOException, InterruptedException {
        return rate(run(saturationOptions(Duration.ZERO, measured), options(token, request), url(port, rpc)));
    }

    /** Answers a second of an rpc. Fails if answers are not messages of this size. */
    double answersPerSecond(
            int port, String rpc, Optional<String> token, MessageLite request, int answerBytes, Duration measured)
            throws IOException, InterruptedException {
        var output = run(saturationOptions(Duration.ZERO, measured), options(token, request), url(port, rpc));
        checkSize(output, Double.parseDouble(group(REQUESTS, output, 1)), answerBytes);
        return rate(output);
    }

    /**
     * The result of a load that is more than a server can take.
     *
     * @param answered answers with a message a second; errors do not count
     * @param meanMillis mean time from when HTTP/2 allowed a call to its answer
     */
    record OverloadResult(double answered, double meanMillis, double maxMillis) {}

    /** Makes calls at a fixed rate on this number of connections. */
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
        var output = run(length, options(Optional.of(token), request), url(port, rpc));
        double answers = Double.parseDouble(group(DATA, output, 1)) / (1 + Integer.BYTES + answerBytes);
        return new OverloadResult(
                answers / measured.toSeconds(), millis(group(TIME, output, 2)), millis(group(TIME, output, 1)));
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

    private static double rate(String output) throws IOException {
        return Double.parseDouble(group(RATE, output, 1));
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
        var output = Machine.outputOf(command);
        if (!"0".equals(group(REQUESTS, output, 2)) || !"0".equals(group(REQUESTS, output, 3))) {
            throw new IOException("requests failed\n" + output);
        }
        return output;
    }

    private static String group(Pattern pattern, String output, int group) throws IOException {
        var match = pattern.matcher(output);
        if (!match.find()) {
            throw new IOException("the output of h2load does not match " + pattern + "\n" + output);
        }
        return match.group(group);
    }
}
