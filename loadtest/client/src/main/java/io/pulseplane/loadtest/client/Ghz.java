package io.pulseplane.loadtest.client;

import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import com.google.protobuf.util.JsonFormat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Runs ghz with the configurations in loadtest/ghz. */
final class Ghz {

    private static final Path CONFIGURATIONS = Path.of("loadtest", "ghz");

    private static final String ERASER = "erase-patient.json";
    private static final String WATCH = "watch";
    private static final String SENDER = "put-readings.json";

    /**
     * The result of one configuration.
     *
     * @param millis latency by percentile
     */
    record Result(String name, String rpc, long count, double perSecond, Map<Double, Double> millis, String statuses) {

        boolean meetsLatencyObjective() {
            return millis.get(50.0) <= LatencyObjective.P50_MILLIS
                    && millis.get(99.0) <= LatencyObjective.P99_MILLIS
                    && millis.get(99.9) <= LatencyObjective.P999_MILLIS;
        }
    }

    private Ghz() {}

    static Optional<String> version() {
        return Machine.firstLineOf("ghz", "--version").map(version -> version.replace("dev", "installed"));
    }

    /** The configurations by name, but with the erasure last: it needs patients that the others have registered. */
    static List<Path> configurations() throws IOException {
        try (var files = Files.list(CONFIGURATIONS)) {
            return files.filter(file -> file.toString().endsWith(".json"))
                    .sorted(Comparator.comparing(
                                    (Path file) -> file.getFileName().toString().equals(ERASER))
                            .thenComparing(Comparator.naturalOrder()))
                    .toList();
        }
    }

    static Result run(Path configuration, int port, Path directory) throws IOException, InterruptedException {
        var name = configuration.getFileName().toString().replace(".json", "");
        var output = directory.resolve("ghz-" + name + ".json");
        if (name.equals(WATCH)) {
            // A watcher gets readings only while somebody sends them.
            var sender = start(CONFIGURATIONS.resolve(SENDER), port, directory.resolve("ghz-sender.json"));
            start(configuration, port, output).waitFor();
            sender.destroyForcibly().waitFor();
        } else {
            start(configuration, port, output).waitFor();
        }
        var report = Struct.newBuilder();
        try (var json = Files.newBufferedReader(output)) {
            JsonFormat.parser().merge(json, report);
        }
        return result(name, report.build());
    }

    private static Process start(Path configuration, int port, Path output) throws IOException {
        return new ProcessBuilder(
                        "ghz",
                        "--config",
                        configuration.toString(),
                        "--format",
                        "json",
                        "--output",
                        output.toString(),
                        "127.0.0.1:" + port)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
    }

    private static Result result(String name, Struct report) {
        var latencies = report.getFieldsOrThrow("details").getListValue().getValuesList().stream()
                .mapToDouble(detail -> number(detail.getStructValue(), "latency") / 1e6)
                .sorted()
                .toArray();
        var millis = new TreeMap<Double, Double>();
        for (double percentile : new double[] {50, 99, 99.9}) {
            int rank = (int) Math.ceil(percentile / 100 * latencies.length);
            millis.put(percentile, latencies.length == 0 ? Double.NaN : latencies[Math.max(0, rank - 1)]);
        }
        var statuses = new TreeMap<String, Value>(report.getFieldsOrThrow("statusCodeDistribution")
                .getStructValue()
                .getFieldsMap());
        var text = new StringBuilder();
        statuses.forEach((code, count) -> text.append(text.isEmpty() ? "" : ", ")
                .append((long) count.getNumberValue())
                .append(' ')
                .append(code));
        return new Result(
                name,
                report.getFieldsOrThrow("options")
                        .getStructValue()
                        .getFieldsOrThrow("call")
                        .getStringValue(),
                (long) number(report, "count"),
                number(report, "rps"),
                millis,
                text.toString());
    }

    private static double number(Struct struct, String field) {
        return struct.getFieldsOrThrow(field).getNumberValue();
    }
}
