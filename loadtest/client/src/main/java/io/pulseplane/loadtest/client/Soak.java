package io.pulseplane.loadtest.client;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.HdrHistogram.Histogram;

/**
 * Half of what a plane can take, for a long time: what it keeps in memory and how long it takes are to stay as they are.
 * Of memory that is the heap that is left after a collection; what a process holds says more of when it was last collected.
 */
final class Soak {

    private static final int THIRDS = 3;
    private static final int INTERVALS_PER_THIRD = 10;

    /** Before the first third: for caches to be full and for what is compiled late. */
    private static final int WARM_UP_INTERVALS = 3;

    /** How much the last third of the time may be above the first. */
    private static final double MAX_P99_GROWTH = 1.25;

    /** How much more may live in the end, and what is too little to tell. */
    private static final double MAX_HEAP_GROWTH = 1.1;

    private static final double HEAP_NOISE_MIB = 4;

    private final Report report;
    private final List<double[]> resident = new ArrayList<>();
    private final List<double[]> p99 = new ArrayList<>();
    private List<List<Object>> rows = List.of();

    Soak(Report report) {
        this.report = report;
    }

    void run(Plane plane, double perSecond, int patients, Duration length) throws IOException, InterruptedException {
        rows = report.table(
                "Soak",
                "GetLatest at half of what this client got at most for " + length.toMinutes()
                        + " minutes; the first intervals, until minute 0, count for nothing.",
                "minute",
                "answered/s",
                "p50",
                "p99",
                "p99.9",
                "failed",
                "resident MiB");
        var interval = length.dividedBy(THIRDS * INTERVALS_PER_THIRD);
        var calls = Harness.getLatestCalls(Tokens.headers(plane.tokens().ofRole("authorized_medical_staff")), patients);
        var thirds = new ArrayList<Histogram>();
        var live = new ArrayList<Double>();
        try (var connections = new ClientConnections(plane.port(), Harness.CONNECTIONS)) {
            for (int i = 1; i <= WARM_UP_INTERVALS; i++) {
                row(
                        plane,
                        (i - WARM_UP_INTERVALS) * minutes(interval),
                        OpenLoop.run(connections, calls, perSecond, Duration.ZERO, interval));
            }
            live.add(plane.liveHeapMib());
            for (int third = 0; third < THIRDS; third++) {
                var latencies = Outcome.newHistogram();
                for (int i = 1; i <= INTERVALS_PER_THIRD; i++) {
                    var outcome = OpenLoop.run(connections, calls, perSecond, Duration.ZERO, interval);
                    latencies.add(outcome.latencies());
                    row(plane, (third * INTERVALS_PER_THIRD + i) * minutes(interval), outcome);
                }
                thirds.add(latencies);
                live.add(plane.liveHeapMib());
            }
        }
        assess(thirds, live);
        report.chart(
                "soak-memory",
                Chart.linear("Soak: memory", "minute", "MiB", List.of(new Chart.Line("resident", resident))));
        report.chart(
                "soak-latency",
                Chart.linear("Soak: latency", "minute", "milliseconds", List.of(new Chart.Line("p99", p99))));
    }

    private void row(Plane plane, double minute, Outcome outcome) throws IOException {
        long mib = plane.residentMib();
        rows.add(List.of(
                minute,
                outcome.perSecond(),
                outcome.millis(50),
                outcome.millis(99),
                outcome.millis(99.9),
                outcome.failuresText(),
                mib));
        if (minute > 0) {
            resident.add(new double[] {minute, mib});
            p99.add(new double[] {minute, outcome.millis(99)});
        }
    }

    private void assess(List<Histogram> thirds, List<Double> live) {
        var p99s = thirds.stream()
                .map(third -> third.getValueAtPercentile(99) / 1e6)
                .toList();
        boolean fast = p99s.getLast() <= p99s.getFirst() * MAX_P99_GROWTH;
        report.note("Soak: p99 latency of the thirds " + numbers(p99s) + " ms: " + (fast ? "flat" : "NOT FLAT"));
        // Of what fills in the first third, as records and histories do, no more may come in the last.
        boolean kept = live.getLast() <= live.get(1) * MAX_HEAP_GROWTH + HEAP_NOISE_MIB;
        report.note("Soak: live heap before and after each third " + numbers(live) + " MiB: "
                + (kept ? "flat" : "NOT FLAT"));
    }

    private static String numbers(List<Double> values) {
        return String.join(", ", values.stream().map(Report::number).toList());
    }

    private static double minutes(Duration length) {
        return length.toMillis() / 60_000.0;
    }
}
