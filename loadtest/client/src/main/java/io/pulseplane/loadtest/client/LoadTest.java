package io.pulseplane.loadtest.client;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Loads a plane and the baselines, one after the other, and writes a report. */
@Command(name = "loadtest/run", sortOptions = false, mixinStandardHelpOptions = true)
final class LoadTest implements Callable<Integer> {

    /** The parts of the load test. */
    enum Part {
        BASELINES,
        LATEST,
        LOAD,
        OVERLOAD,
        INGEST,
        READS,
        GHZ,
        SOAK,
        STORES,
        GROWTH
    }

    /** The parts that need a plane with patients. */
    private static final Set<Part> NEEDS_SEED_DATA = EnumSet.range(Part.LATEST, Part.SOAK);

    private static final Set<Part> NEEDS_PEAK = EnumSet.of(Part.LATEST, Part.LOAD, Part.OVERLOAD, Part.SOAK);

    private static final int GHZ_PORT = 9_000;

    @Option(
            names = "--patients",
            defaultValue = "10000",
            description = "Number of patients, each with a monitor. Default: ${DEFAULT-VALUE}")
    private int patients;

    @Option(
            names = "--readings",
            defaultValue = "60",
            description = "Readings of each patient and vital sign. Default: ${DEFAULT-VALUE}")
    private int readings;

    @Option(
            names = "--seconds",
            defaultValue = "10",
            description = "Seconds of a measurement. Default: ${DEFAULT-VALUE}")
    private int seconds;

    @Option(
            names = "--warm-up",
            defaultValue = "60",
            description = "Longest warm-up of a server, in seconds. Default: ${DEFAULT-VALUE}")
    private int warmUpSeconds;

    @Option(
            names = "--baselines",
            split = ",",
            description = "The servers of the part baselines: ${COMPLETION-CANDIDATES}. Default: all")
    private Set<Baselines.Kind> kinds = EnumSet.allOf(Baselines.Kind.class);

    @Option(names = "--soak", defaultValue = "10", description = "Minutes of soak. Default: ${DEFAULT-VALUE}")
    private int soakMinutes;

    @Option(names = "--only", split = ",", description = "The parts to run: ${COMPLETION-CANDIDATES}. Default: all")
    private Set<Part> only = EnumSet.allOf(Part.class);

    @Option(names = "--serve", description = "Serve a plane with the patients on port 9000, until Ctrl-C.")
    private boolean serve;

    @Option(
            names = "--core",
            defaultValue = "0",
            description = "The core of the servers, or several, such as 0,1. Default: ${DEFAULT-VALUE}")
    private String core;

    @Option(
            names = "--jvm",
            paramLabel = "OPTION",
            description = "An option of the servers' virtual machines; repeat for more. Default: --jvm=-Xmx1g")
    private List<String> jvm = List.of("-Xmx1g");

    @Option(
            names = "--app",
            defaultValue = "src/plane/target/quarkus-app",
            description =
                    "The packaged plane to measure, or the native executable src/plane/target/pulseplane, for which"
                            + " soak and growth are not measured. Default: ${DEFAULT-VALUE}")
    private Path app;

    @Mixin
    private Growth.Options growthOptions;

    @Option(
            names = "--recording",
            description = "A CSV file for the replay command. Every store stores it for 50 patients.")
    private Optional<Path> recording;

    @Option(
            names = "--out",
            defaultValue = "target/loadtest",
            description = "Directory of the report. Default: ${DEFAULT-VALUE}")
    private Path out;

    private Report report;
    private Harness harness;

    public static void main(String[] arguments) {
        System.exit(new CommandLine(new LoadTest())
                .setCaseInsensitiveEnumValuesAllowed(true)
                .execute(arguments));
    }

    @Override
    public Integer call() throws Exception {
        Files.createDirectories(out);
        delete(out.resolve("data"));
        report = new Report();
        var warmUp = new WarmUp(Duration.ofSeconds(Math.clamp(seconds / 2, 1, 3)), Duration.ofSeconds(warmUpSeconds));
        harness = new Harness(out, warmUp, Duration.ofSeconds(1), Duration.ofSeconds(seconds));
        report.fact("servers", "on core " + core + ", java " + String.join(" ", jvm));
        var baselines = new Baselines(harness, taskset(), report);
        if (only.contains(Part.BASELINES) && !serve) {
            print("baselines");
            baselines.measure(kinds, java());
            if (only.stream().noneMatch(NEEDS_PEAK::contains)) {
                baselines.writeTable(Map.of());
            }
        }
        try {
            if (serve || only.stream().anyMatch(NEEDS_SEED_DATA::contains)) {
                measureSeededPlane(baselines);
            }
            if (only.contains(Part.GROWTH) && !serve) {
                print("growth");
                new Growth(harness, report, setup()).measure(growthOptions);
            }
            if (only.contains(Part.STORES) && !serve) {
                print("stores");
                delete(out.resolve("stores"));
                new StoreComparison(harness, report).measure(pinned(java()), out.resolve("stores"), recording);
                delete(out.resolve("stores"));
            }
        } finally {
            warmUp.reportTo(report);
            report.write(out);
        }
        print("report in " + out.resolve("report.md"));
        return 0;
    }

    private void measureSeededPlane(Baselines baselines) throws IOException, InterruptedException {
        try (var plane = Plane.start(setup(), out.resolve("data"), serve ? GHZ_PORT : 0)) {
            var history = fill(plane);
            plane.tokens().writeForGhz(out.resolve("tokens"));
            if (serve) {
                print("serving at port " + plane.port() + ", tokens in " + out.resolve("tokens") + "; Ctrl-C ends it");
                Thread.currentThread().join();
            }
            measure(plane, history, baselines);
        }
    }

    private Plane.Setup setup() {
        return new Plane.Setup(app, out, taskset(), jvm);
    }

    private List<String> pinned(List<String> command) {
        var pinned = new ArrayList<>(taskset());
        pinned.addAll(command);
        return pinned;
    }

    private SeedData fill(Plane plane) throws IOException, InterruptedException {
        print("history of " + patients + " patients");
        var history = new SeedData(plane, patients);
        var outcome = history.fill(readings);
        if (only.contains(Part.READS)) {
            history.fillMonth();
        }
        report.fact(
                "history",
                patients + " patients x 5 vital signs x " + readings + " readings, put in "
                        + Report.number(outcome.seconds()) + " s");
        return history;
    }

    private void measure(Plane plane, SeedData history, Baselines baselines) throws IOException, InterruptedException {
        double peak = Double.NaN;
        if (only.stream().anyMatch(NEEDS_PEAK::contains)) {
            print("latest values");
            var token = Optional.of(plane.tokens().ofRole("authorized_medical_staff"));
            var peaks = new LinkedHashMap<String, Harness.PeakThroughputs>();
            for (int queried : new int[] {1, patients}) {
                var name = "**the plane**, " + (queried == 1 ? "one patient" : queried + " patients");
                peaks.put(name, harness.measurePeaks(name, plane.server(), token, queried));
            }
            baselines.writeTable(peaks);
            peak = peaks.lastEntry().getValue().unary().perSecond();
        }
        if (only.contains(Part.LOAD)) {
            print("latency under load");
            new LatencyUnderLoad(harness, report).measure(plane, peak, patients);
        }
        if (only.contains(Part.OVERLOAD)) {
            print("overload");
            new Overload(harness, report).measure(plane, peak);
        }
        if (only.contains(Part.INGEST)) {
            print("ingest");
            new IngestLoad(harness, report).measure(plane);
        }
        if (only.contains(Part.READS)) {
            print("ranges and windows");
            new Reads(harness, report).measure(plane, history.monthStart());
        }
        if (only.contains(Part.GHZ)) {
            print("ghz");
            ghz(plane);
        }
        if (only.contains(Part.SOAK)) {
            print("soak");
            new Soak(report).run(plane, peak / 2, patients, Duration.ofMinutes(soakMinutes));
        }
    }

    private void ghz(Plane plane) throws IOException, InterruptedException {
        if (Ghz.version().isEmpty()) {
            report.note("ghz is not installed");
            return;
        }
        var rows = report.table(
                "ghz",
                "The configurations of loadtest/ghz. ghz is a closed loop: time that calls wait in the client is not"
                        + " counted.",
                "configuration",
                "rpc",
                "calls",
                "calls/s",
                "p50",
                "p99",
                "p99.9",
                "statuses",
                "promise");
        for (var configuration : Ghz.configurations()) {
            var result = Ghz.run(configuration, plane.port(), out);
            rows.add(List.of(
                    result.name(),
                    result.rpc(),
                    result.count(),
                    result.perSecond(),
                    result.millis().get(50.0),
                    result.millis().get(99.0),
                    result.millis().get(99.9),
                    result.statuses(),
                    result.meetsLatencyObjective() ? "kept" : "broken"));
        }
    }

    private List<String> java() {
        var java = new ArrayList<String>();
        java.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        java.addAll(jvm);
        return java;
    }

    private List<String> taskset() {
        if (Machine.firstLineOf("taskset", "--version").isEmpty()) {
            report.note("Nothing is pinned to a core: taskset is not installed");
            return List.of();
        }
        return List.of("taskset", "-c", core);
    }

    private static void print(String line) {
        System.out.println("loadtest: " + line);
    }

    static void delete(Path directory) throws IOException {
        if (Files.exists(directory)) {
            try (var files = Files.walk(directory)) {
                for (var file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
        }
    }
}
