package io.pulseplane.loadtest.client;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Compares the edge store with the stores that a user could choose instead. Each runs in a process of its own on the
 * servers' core, one after the other.
 */
final class StoreComparison {

    /** A run-time dependency: this module names it and does not compile against it. */
    private static final String MAIN_CLASS = "io.pulseplane.loadtest.stores.StoreFigures";

    private static final Pattern FIGURE = Pattern.compile("(?m)^([a-z][a-z0-9, ]*)=(.*)$");

    private static final String EDGE = "**the edge store**";

    private final Harness harness;
    private final Report report;
    private final Map<String, Map<String, String>> figures = new LinkedHashMap<>();

    StoreComparison(Harness harness, Report report) {
        this.harness = harness;
        this.report = report;
    }

    /** @param java the command that starts a virtual machine on the servers' core */
    void measure(List<String> java, Path data, Optional<Path> recording) throws IOException, InterruptedException {
        var kinds = new LinkedHashMap<String, String>();
        kinds.put("edge", EDGE);
        kinds.put("sqlite", "SQLite, rows");
        kinds.put("postgres", "PostgreSQL 18, rows");
        kinds.put("duckdb", "DuckDB");
        kinds.put("questdb", "QuestDB");
        kinds.put("questdb_synced", "QuestDB, synced");
        kinds.put("csv", "CSV, packed");
        for (var kind : kinds.entrySet()) {
            try {
                figures.put(kind.getValue(), measure(java, kind.getKey(), data.resolve(kind.getKey()), recording));
            } catch (IOException e) {
                report.note(kind.getValue() + " was not measured: "
                        + e.getMessage().lines().skip(1).findFirst().orElse("its process printed no reason"));
            }
        }
        reportSpeed();
        reportBytes(recording);
    }

    private Map<String, String> measure(List<String> java, String kind, Path data, Optional<Path> recording)
            throws IOException, InterruptedException {
        // QuestDB would log to standard output, among the figures.
        var command = new ArrayList<>(List.of("env", "QDB_LOG_W_STDOUT_LEVEL=ERROR"));
        command.addAll(java);
        command.addAll(List.of(
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                MAIN_CLASS,
                kind,
                data.toString(),
                Long.toString(harness.measurement().toSeconds())));
        recording.map(Path::toString).ifPresent(command::add);
        var storeFigures = new LinkedHashMap<String, String>();
        FIGURE.matcher(Machine.outputOf(command))
                .results()
                .forEach(figure -> storeFigures.put(figure.group(1), figure.group(2)));
        System.out.println("  " + kind + ": " + storeFigures);
        return storeFigures;
    }

    private void reportSpeed() {
        var rows = report.table(
                "Stores, in process",
                "Store and client share one core, and nothing else runs on it. Readings of 200 series at 1 Hz in turn,"
                        + " in runs of 1,000 (groups of 100 runs) and of 10 (groups of 1,000 runs), and a month of one"
                        + " series: 2.6 million readings. *Of ours* is the ratio to the edge store in the same run."
                        + " Milliseconds are medians of a warm store.",
                "store",
                "runs of 1,000, readings/s",
                "of ours",
                "runs of 10, readings/s",
                "of ours",
                "a month in order, readings/s",
                "windows of a minute over 30 days, ms",
                "of ours",
                "a day, ms",
                "of ours",
                "stored means");
        figures.forEach((name, storeFigures) -> {
            if (storeFigures.containsKey("promise")) {
                rows.add(List.of(
                        name,
                        number(storeFigures, "append of 1,000"),
                        relativeToEdgeStore(storeFigures, "append of 1,000"),
                        number(storeFigures, "append of 10"),
                        relativeToEdgeStore(storeFigures, "append of 10"),
                        number(storeFigures, "append of a month"),
                        number(storeFigures, "minutes"),
                        relativeToEdgeStore(storeFigures, "minutes"),
                        number(storeFigures, "day"),
                        relativeToEdgeStore(storeFigures, "day"),
                        storeFigures.get("promise")));
            }
        });
    }

    private void reportBytes(Optional<Path> recording) {
        var rows = report.table(
                "Bytes of a reading",
                "The month above; "
                        + recording
                                .map(file -> "and the plausible readings of " + file.getFileName()
                                        + " for 50 patients, with everything that the store adds")
                                .orElse("no recording was given (--recording)")
                        + ". CSV that is compressed as a whole can neither be appended to nor queried.",
                "store",
                "a month",
                "the recording");
        figures.forEach((name, storeFigures) -> {
            if (storeFigures.containsKey("promise")) {
                rows.add(List.of(
                        name,
                        number(storeFigures, "bytes of a month"),
                        number(storeFigures, "bytes of the recording")));
            } else {
                for (var packing : List.of("csv", "gzip", "zstd")) {
                    rows.add(List.of(
                            switch (packing) {
                                case "gzip" -> "CSV, gzip -9";
                                case "zstd" -> "CSV, zstd -19";
                                default -> "CSV";
                            },
                            number(storeFigures, packing + " of a month"),
                            number(storeFigures, packing + " of the recording")));
                }
            }
        });
    }

    private static double number(Map<String, String> storeFigures, String name) {
        return Double.parseDouble(storeFigures.getOrDefault(name, "NaN"));
    }

    private double relativeToEdgeStore(Map<String, String> storeFigures, String name) {
        return number(storeFigures, name) / number(figures.getOrDefault(EDGE, Map.of()), name);
    }
}
