package io.pulseplane.loadtest.client;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Measures the cost of GetLatest and the memory of a plane by the number of patients that calls query in turn. */
final class GrowthOfPatients {

    private static final int MIN_PATIENTS = 100;

    private final Harness harness;
    private final Report report;

    GrowthOfPatients(Harness harness, Report report) {
        this.harness = harness;
        this.report = report;
    }

    void measure(Plane.Setup setup, Path data, int maxPatients) throws IOException, InterruptedException {
        var rows = report.table(
                "How GetLatest grows with patients",
                "Queries for all patients in turn, with " + SeedData.signs()
                        + " series each; own client, warm server. The live heap is that after a garbage"
                        + " collection; bytes a series are those of the series that the step has added.",
                "patients",
                "put and consented to, s",
                "answers/s",
                "us each",
                "live heap MiB",
                "bytes a series",
                "resident MiB");
        var points = new ArrayList<double[]>();
        try (var plane = Plane.start(setup, data, 0)) {
            var caller = Tokens.headers(plane.tokens().ofRole("authorized_medical_staff"));
            long before = 0;
            double heapBefore = plane.liveHeapMib();
            for (long patients : Growth.powersOfTen(MIN_PATIENTS, maxPatients)) {
                long startNanos = System.nanoTime();
                new SeedData(plane, (int) patients).fillByWard((int) before);
                double fillSeconds = (System.nanoTime() - startNanos) / 1e9;
                try (var connections = new ClientConnections(plane.port(), Harness.CONNECTIONS)) {
                    var peak = harness.unary(
                            "GetLatest of " + Report.number(patients) + " patients",
                            plane.server(),
                            connections,
                            Harness.getLatestCalls(caller, (int) patients));
                    double heap = plane.liveHeapMib();
                    rows.add(List.of(
                            patients,
                            fillSeconds,
                            peak.perSecond(),
                            peak.cpuMicrosPerAnswer(),
                            heap,
                            (heap - heapBefore) * (1 << 20) / (patients - before) / SeedData.signs(),
                            plane.residentMib()));
                    points.add(new double[] {patients, peak.perSecond()});
                    before = patients;
                    heapBefore = heap;
                }
            }
        }
        report.chart(
                "growth-patients",
                Chart.logarithmic(
                        "GetLatest by number of patients",
                        "patients queried in turn",
                        "answers a second",
                        List.of(new Chart.Line("answers/s", points))));
    }
}
