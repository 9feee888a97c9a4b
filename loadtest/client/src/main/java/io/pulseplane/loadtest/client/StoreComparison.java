package io.pulseplane.loadtest.client;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/** What a user would pick instead of the plane's own store, one process after the other on the servers' core. */
final class StoreComparison {

    /** In processes of their own, and not on every class path: their libraries may not be had everywhere. */
    private static final String FIGURES = "io.pulseplane.loadtest.stores.StoreFigures";

    private static final Pattern FIGURE = Pattern.compile("(?m)^([a-z][a-z0-9, ]*)=(.*)$");

    private static final String EDGE = "**the edge store**";

    private final Harness bench;
    private final Report report;
    private final Map<String, Map<String, String>> figures = new LinkedHashMap<>();

    StoreComparison(Harness bench, Report report) {
        this.bench = bench;
        this.report = report;
    }

    /** @param java how a virtual machine is started where servers are */
    void measure(List<String> java, Path data, Optional<Path> recording) throws IOException, InterruptedException {
        if (StoreComparison.class.getResource("/" + FIGURES.replace('.', '/') + ".class") == null) {
            report.note("Other stores were not measured: what they need does not resolve");
            return;
        }
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
                        + e.getMessage().lines().skip(1).findFirst().orElse("it says nothing"));
            }
        }
        reportSpeed();
        reportBytes(recording);
    }

    private Map<String, String> measure(List<String> java, String kind, Path data, Optional<Path> recording)
            throws IOException, InterruptedException {
        // QuestDB would say what it does among what it is asked for.
        var command = new ArrayList<>(List.of("env", "QDB_LOG_W_STDOUT_LEVEL=ERROR"));
        command.addAll(java);
        command.addAll(List.of(
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                FIGURES,
                kind,
                data.toString(),
                Long.toString(bench.measurement().toSeconds())));
        recording.map(Path::toString).ifPresent(command::add);
        var found = new LinkedHashMap<String, String>();
        FIGURE.matcher(Machine.outputOf(command))
                .results()
                .forEach(figure -> found.put(figure.group(1), figure.group(2)));
        System.out.println("  " + kind + ": " + found);
        return found;
    }

    private void reportSpeed() {
        var rows = report.table(
                "Stores, in process",
                "One core for store and client, nothing else; readings of 200 series at 1 Hz in turn, in runs of 1,000 (groups of"
                        + " 100 runs) and of 10 (groups of 1,000 runs), and a month of one series: 2.6 million readings. *Of ours*"
                        + " is what it is to the edge store in the same run; milliseconds are medians, warm.",
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
        figures.forEach((name, found) -> {
            if (found.containsKey("promise")) {
                rows.add(List.of(
                        name,
                        number(found, "append of 1,000"),
                        relativeToEdgeStore(found, "append of 1,000"),
                        number(found, "append of 10"),
                        relativeToEdgeStore(found, "append of 10"),
                        number(found, "append of a month"),
                        number(found, "minutes"),
                        relativeToEdgeStore(found, "minutes"),
                        number(found, "day"),
                        relativeToEdgeStore(found, "day"),
                        found.get("promise")));
            }
        });
    }

    private void reportBytes(Optional<Path> recording) {
        var rows = report.table(
                "Bytes of a reading",
                "The month above; "
                        + recording
                                .map(file -> "and what is plausible of " + file.getFileName()
                                        + " for 50 patients, with all that the store adds")
                                .orElse("a recording was not named (--recording)")
                        + ". CSV packed as a whole cannot be appended to, nor asked.",
                "store",
                "a month",
                "the recording");
        figures.forEach((name, found) -> {
            if (found.containsKey("promise")) {
                rows.add(List.of(name, number(found, "bytes of a month"), number(found, "bytes of the recording")));
            } else {
                for (var packing : List.of("csv", "gzip", "zstd")) {
                    rows.add(List.of(
                            switch (packing) {
                                case "gzip" -> "CSV, gzip -9";
                                case "zstd" -> "CSV, zstd -19";
                                default -> "CSV";
                            },
                            number(found, packing + " of a month"),
                            number(found, packing + " of the recording")));
                }
            }
        });
    }

    private static double number(Map<String, String> found, String name) {
        return Double.parseDouble(found.getOrDefault(name, "NaN"));
    }

    private double relativeToEdgeStore(Map<String, String> found, String name) {
        return number(found, name) / number(figures.getOrDefault(EDGE, Map.of()), name);
    }
}
