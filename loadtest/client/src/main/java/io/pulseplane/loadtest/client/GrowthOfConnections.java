package io.pulseplane.loadtest.client;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/** Measures the cost of GetLatest and the memory of a plane by the number of connections that calls use in turn. */
final class GrowthOfConnections {

    private static final Pattern OPEN_FILES = Pattern.compile("Max open files\\s+\\d+\\s+(\\d+)");

    /** Files that are open besides the connections. */
    private static final int OTHER_FILES = 500;

    private static final int PATIENTS = 100;

    private final Harness harness;
    private final Report report;

    GrowthOfConnections(Harness harness, Report report) {
        this.harness = harness;
        this.report = report;
    }

    void measure(Plane.Setup setup, Path data, int maxConnections) throws IOException, InterruptedException {
        var rows = report.table(
                "How GetLatest grows with connections",
                Harness.CONCURRENT_CALLS
                        + " concurrent calls over all connections in turn, own client, warm server. The live"
                        + " heap is that after a garbage collection with all connections open and no calls."
                        + " pulseplane.gate.max-connections-per-address is raised.",
                "connections",
                "answers/s",
                "us each",
                "live heap MiB",
                "KiB of heap a connection",
                "resident MiB",
                "KiB resident a connection");
        var points = new ArrayList<double[]>();
        try (var plane = Plane.start(
                setup.with("-Dpulseplane.gate.max-connections-per-address=" + (maxConnections + OTHER_FILES)),
                data,
                0)) {
            new SeedData(plane, PATIENTS).fill(1);
            var caller = Tokens.headers(plane.tokens().ofRole("authorized_medical_staff"));
            var calls = Harness.getLatestCalls(caller, PATIENTS);
            try (var connections = new ClientConnections(plane.port(), Harness.CONNECTIONS)) {
                harness.unary("GetLatest before connections", plane.server(), connections, calls);
            }
            double heapBefore = plane.liveHeapMib();
            double residentBefore = plane.residentMib();
            for (long count : Growth.powersOfTen(1, maxConnections)) {
                if (count + OTHER_FILES > openFiles()) {
                    report.note(Report.number(count) + " connections were not tried: ulimit -n is " + openFiles());
                    break;
                }
                try (var connections = new ClientConnections(plane.port(), (int) count)) {
                    ClosedLoop.runCount(connections, calls, (int) Math.min(count, PATIENTS), count);
                    var name = "GetLatest over " + Report.number(count) + " connections";
                    var peak = harness.unary(name, plane.server(), connections, calls);
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

    /** The number of files that this process may open, and the plane that it starts as well. */
    private static long openFiles() throws IOException {
        var limits = Path.of("/proc/self/limits");
        if (!Files.exists(limits)) {
            return Long.MAX_VALUE;
        }
        var match = OPEN_FILES.matcher(Files.readString(limits));
        return match.find() ? Long.parseLong(match.group(1)) : Long.MAX_VALUE;
    }
}
