package io.pulseplane.loadtest.client;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.HdrHistogram.Histogram;

/**
 * Loads a plane with half of its peak for a long time, and checks that latency and memory do not grow. Memory is the
 * heap in use after a garbage collection, because resident memory depends on when the last collection was.
 */
final class Soak {

    private static final int THIRDS = 3;
    private static final int INTERVALS_PER_THIRD = 10;

    /** Intervals before the first third, until caches are full and all code is compiled. */
    private static final int WARM_UP_INTERVALS = 3;

    /** The factor by which p99 latency of the last third may exceed that of the first. */
    private static final double MAX_P99_GROWTH = 1.25;

    /** The factor by which the live heap may grow, and the growth that is noise. */
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
                "GetLatest at half of this client's peak for " + length.toMinutes()
                        + " minutes; the intervals before minute 0 do not count.",
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
        var liveHeapMib = new ArrayList<Double>();
        try (var connections = new ClientConnections(plane.port(), Harness.CONNECTIONS)) {
            for (int i = 1; i <= WARM_UP_INTERVALS; i++) {
                row(
                        plane,
                        (i - WARM_UP_INTERVALS) * minutes(interval),
                        OpenLoop.run(connections, calls, perSecond, Duration.ZERO, interval));
            }
            liveHeapMib.add(plane.liveHeapMib());
            for (int third = 0; third < THIRDS; third++) {
                var latencies = Outcome.newHistogram();
                for (int i = 1; i <= INTERVALS_PER_THIRD; i++) {
                    var outcome = OpenLoop.run(connections, calls, perSecond, Duration.ZERO, interval);
                    latencies.add(outcome.latencies());
                    row(plane, (third * INTERVALS_PER_THIRD + i) * minutes(interval), outcome);
                }
                thirds.add(latencies);
                liveHeapMib.add(plane.liveHeapMib());
            }
        }
        assess(thirds, liveHeapMib);
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

    private void assess(List<Histogram> thirds, List<Double> liveHeapMib) {
        var p99s = thirds.stream()
                .map(third -> third.getValueAtPercentile(99) / 1e6)
                .toList();
        boolean isLatencyFlat = p99s.getLast() <= p99s.getFirst() * MAX_P99_GROWTH;
        report.note(
                "Soak: p99 latency of the thirds " + numbers(p99s) + " ms: " + (isLatencyFlat ? "flat" : "NOT FLAT"));
        // The heap after the first third is the reference, because audit records and histories fill up until then.
        boolean isHeapFlat = liveHeapMib.getLast() <= liveHeapMib.get(1) * MAX_HEAP_GROWTH + HEAP_NOISE_MIB;
        report.note("Soak: live heap before and after each third " + numbers(liveHeapMib) + " MiB: "
                + (isHeapFlat ? "flat" : "NOT FLAT"));
    }

    private static String numbers(List<Double> values) {
        return String.join(", ", values.stream().map(Report::number).toList());
    }

    private static double minutes(Duration length) {
        return length.toMillis() / 60_000.0;
    }
}
