package io.pulseplane.loadtest.client;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import picocli.CommandLine.Option;

/** How what a call costs grows with what there is: a plane of its own for each curve. */
final class Growth {

    /** With what it grows. */
    enum Curve {
        PATIENTS,
        CONNECTIONS,
        BATCHES,
        STORED
    }

    /** Which curves, and how far. */
    static final class Options {

        @Option(
                names = "--growth",
                split = ",",
                description = "Of the part of this name: ${COMPLETION-CANDIDATES}. Default: all")
        private Set<Curve> curves = EnumSet.allOf(Curve.class);

        @Option(
                names = "--max-patients",
                defaultValue = "100000",
                description = "At the end of the curve. Default: ${DEFAULT-VALUE}")
        private int patients;

        @Option(
                names = "--max-connections",
                defaultValue = "10000",
                description = "At the end of the curve. Default: ${DEFAULT-VALUE}")
        private int connections;

        @Option(
                names = "--max-readings",
                defaultValue = "100000000",
                description = "At the end of the curve of stored readings. Default: ${DEFAULT-VALUE}")
        private long readings;
    }

    private final Harness bench;
    private final Report report;
    private final Plane.Setup setup;

    Growth(Harness bench, Report report, Plane.Setup setup) {
        this.bench = bench;
        this.report = report;
        this.setup = setup;
    }

    void measure(Options bounds) throws IOException, InterruptedException {
        for (var curve : bounds.curves) {
            var name = curve.name().toLowerCase(Locale.ROOT);
            System.out.println("  by " + name);
            var data = bench.outputDirectory().resolve("growth-" + name);
            LoadTest.delete(data);
            switch (curve) {
                case PATIENTS -> new GrowthOfPatients(bench, report).measure(setup, data, bounds.patients);
                case CONNECTIONS -> new GrowthOfConnections(bench, report).measure(setup, data, bounds.connections);
                case BATCHES -> batches(data);
                case STORED -> new GrowthOfStoredReadings(bench, report).measure(setup, data, bounds.readings);
            }
            LoadTest.delete(data);
            // A curve takes minutes, and the next one may be given up.
            report.write(bench.outputDirectory());
        }
    }

    private void batches(Path data) throws IOException, InterruptedException {
        var shapes = powersOfTen(1, 10_000).stream()
                .map(size -> new IngestLoad.BatchShape(1, size.intValue()))
                .toList();
        try (var plane = Plane.start(setup, data, 0)) {
            new SeedData(plane, 1).fill(1);
            new IngestLoad(bench, report)
                    .measure(plane, "How ingest grows with the size of a batch", "growth-batches", shapes);
        }
    }

    /** 1, 10, 100 and so on up to a bound. */
    static List<Long> powersOfTen(long from, long to) {
        var decades = new ArrayList<Long>();
        for (long decade = from; decade <= to; decade *= 10) {
            decades.add(decade);
        }
        return decades;
    }
}
