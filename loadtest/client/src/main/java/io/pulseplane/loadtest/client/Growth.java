package io.pulseplane.loadtest.client;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import picocli.CommandLine.Option;

/** Measures how the cost of a call grows with the amount of data or clients. Each curve has a plane of its own. */
final class Growth {

    /** What the cost is measured against. */
    enum Curve {
        PATIENTS,
        CONNECTIONS,
        BATCHES,
        STORED
    }

    /** The curves to measure, and where they end. */
    static final class Options {

        @Option(
                names = "--growth",
                split = ",",
                description = "The curves of the part growth: ${COMPLETION-CANDIDATES}. Default: all")
        private Set<Curve> curves = EnumSet.allOf(Curve.class);

        @Option(
                names = "--max-patients",
                defaultValue = "100000",
                description = "Patients at the end of the curve. Default: ${DEFAULT-VALUE}")
        private int patients;

        @Option(
                names = "--max-connections",
                defaultValue = "10000",
                description = "Connections at the end of the curve. Default: ${DEFAULT-VALUE}")
        private int connections;

        @Option(
                names = "--max-readings",
                defaultValue = "100000000",
                description = "Stored readings at the end of the curve. Default: ${DEFAULT-VALUE}")
        private long readings;
    }

    private final Harness harness;
    private final Report report;
    private final Plane.Setup setup;

    Growth(Harness harness, Report report, Plane.Setup setup) {
        this.harness = harness;
        this.report = report;
        this.setup = setup;
    }

    void measure(Options options) throws IOException, InterruptedException {
        for (var curve : options.curves) {
            var name = curve.name().toLowerCase(Locale.ROOT);
            System.out.println("  by " + name);
            var data = harness.outputDirectory().resolve("growth-" + name);
            LoadTest.delete(data);
            switch (curve) {
                case PATIENTS -> new GrowthOfPatients(harness, report).measure(setup, data, options.patients);
                case CONNECTIONS -> new GrowthOfConnections(harness, report).measure(setup, data, options.connections);
                case BATCHES -> batches(data);
                case STORED -> new GrowthOfStoredReadings(harness, report).measure(setup, data, options.readings);
            }
            LoadTest.delete(data);
            // A curve takes minutes, and the user may stop the next one.
            report.write(harness.outputDirectory());
        }
    }

    private void batches(Path data) throws IOException, InterruptedException {
        var shapes = powersOfTen(1, 10_000).stream()
                .map(size -> new IngestLoad.BatchShape(1, size.intValue()))
                .toList();
        try (var plane = Plane.start(setup, data, 0)) {
            new SeedData(plane, 1).fill(1);
            new IngestLoad(harness, report)
                    .measure(plane, "How ingest grows with the size of a batch", "growth-batches", shapes);
        }
    }

    /** {@code from}, ten times {@code from} and so on, up to {@code to}. */
    static List<Long> powersOfTen(long from, long to) {
        var decades = new ArrayList<Long>();
        for (long decade = from; decade <= to; decade *= 10) {
            decades.add(decade);
        }
        return decades;
    }
}
