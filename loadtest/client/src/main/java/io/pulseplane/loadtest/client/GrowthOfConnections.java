package io.pulseplane.loadtest.client;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/** What GetLatest costs, and what is kept in memory, by how many connections it is asked over in turn. */
final class GrowthOfConnections {

    private static final Pattern OPEN_FILES = Pattern.compile("Max open files\\s+\\d+\\s+(\\d+)");

    /** Files that are open anyway. */
    private static final int OTHERS = 500;

    private static final int PATIENTS = 100;

    private final Harness bench;
    private final Report report;

    GrowthOfConnections(Harness bench, Report report) {
        this.bench = bench;
        this.report = report;
    }

    void measure(Plane.Setup setup, Path data, int most) throws IOException, InterruptedException {
        var rows = report.table(
                "How GetLatest grows with connections",
                Harness.CONCURRENT_CALLS
                        + " calls under way over so many connections in turn, own client, warm; live heap after a collection"
                        + " with all of them open and nobody calling. pulseplane.gate.max-connections-per-address is raised.",
                "connections",
                "answers/s",
                "us each",
                "live heap MiB",
                "KiB of heap a connection",
                "resident MiB",
                "KiB resident a connection");
        var points = new ArrayList<double[]>();
        try (var plane =
                Plane.start(setup.with("-Dpulseplane.gate.max-connections-per-address=" + (most + OTHERS)), data, 0)) {
            new SeedData(plane, PATIENTS).fill(1);
            var caller = Tokens.headers(plane.tokens().ofRole("authorized_medical_staff"));
            var calls = Harness.getLatestCalls(caller, PATIENTS);
            try (var connections = new ClientConnections(plane.port(), Harness.CONNECTIONS)) {
                bench.unary("GetLatest before connections", plane.server(), connections, calls);
            }
            double heapBefore = plane.liveHeapMib();
            double residentBefore = plane.residentMib();
            for (long count : Growth.powersOfTen(1, most)) {
                if (count + OTHERS > openFiles()) {
                    report.note(Report.number(count) + " connections were not tried: ulimit -n is " + openFiles());
                    break;
                }
                try (var connections = new ClientConnections(plane.port(), (int) count)) {
                    ClosedLoop.runCount(connections, calls, (int) Math.min(count, PATIENTS), count);
                    var name = "GetLatest over " + Report.number(count) + " connections";
                    var peak = bench.unary(name, plane.server(), connections, calls);
                    double heap = plane.liveHeapMib();
                    double resident = plane.residentMib();
                    rows.add(List.of(
                            count,
                            peak.perSecond(),
                            peak.cpuMicrosPerAnswer(),
                            heap,
                            count < PATIENTS ? Double.NaN : (heap - heapBefore) * 1_024 / count,
                            resident,
                            count < PATIENTS ? Double.NaN : (resident - residentBefore) * 1_024 / count));
                    points.add(new double[] {count, peak.perSecond()});
                }
            }
        }
        report.chart(
                "growth-connections",
                Chart.logarithmic(
                        "GetLatest by number of connections",
                        "connections",
                        "answers a second",
                        List.of(new Chart.Line("answers/s", points))));
    }

    /** As many as a process may have, here and, as it is started from here, there. */
    private static long openFiles() throws IOException {
        var limits = Path.of("/proc/self/limits");
        if (!Files.exists(limits)) {
            return Long.MAX_VALUE;
        }
        var found = OPEN_FILES.matcher(Files.readString(limits));
        return found.find() ? Long.parseLong(found.group(1)) : Long.MAX_VALUE;
    }
}
