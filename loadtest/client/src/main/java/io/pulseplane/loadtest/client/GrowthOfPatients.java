package io.pulseplane.loadtest.client;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** What GetLatest costs, and what is kept in memory, by how many patients are asked about in turn. */
final class GrowthOfPatients {

    private static final int FEWEST = 100;

    private final Harness bench;
    private final Report report;

    GrowthOfPatients(Harness bench, Report report) {
        this.bench = bench;
        this.report = report;
    }

    void measure(Plane.Setup setup, Path data, int most) throws IOException, InterruptedException {
        var rows = report.table(
                "How GetLatest grows with patients",
                "Of so many patients with " + SeedData.signs()
                        + " series each in turn, own client, warm; live heap after a"
                        + " collection; bytes of it for each series that came with the step.",
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
            for (long patients : Growth.powersOfTen(FEWEST, most)) {
                long begun = System.nanoTime();
                new SeedData(plane, (int) patients).fillByWard((int) before);
                double filled = (System.nanoTime() - begun) / 1e9;
                try (var connections = new ClientConnections(plane.port(), Harness.CONNECTIONS)) {
                    var peak = bench.unary(
                            "GetLatest of " + Report.number(patients) + " patients",
                            plane.server(),
                            connections,
                            Harness.getLatestCalls(caller, (int) patients));
                    double heap = plane.liveHeapMib();
                    rows.add(List.of(
                            patients,
                            filled,
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
                        "patients asked about in turn",
                        "answers a second",
                        List.of(new Chart.Line("answers/s", points))));
    }
}
