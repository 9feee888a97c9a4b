package io.pulseplane.loadtest.client;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Half of what a plane can take, for a long time: memory and latency are to stay where they are. */
final class Soak {

    private static final int INTERVALS = 30;

    /** How much the last third of the time may be above the first. */
    private static final double FLAT = 1.25;

    private final Report report;

    Soak(Report report) {
        this.report = report;
    }

    void run(Plane plane, double perSecond, int patients, Duration length) throws IOException, InterruptedException {
        var rows = report.table(
                "Soak",
                "GetLatest at half of what this client got at most for " + length.toMinutes() + " minutes.",
                "minute",
                "answered/s",
                "p50",
                "p99",
                "p99.9",
                "failed",
                "resident MiB");
        var interval = length.dividedBy(INTERVALS);
        var p99 = new ArrayList<Double>();
        var resident = new ArrayList<Double>();
        double liveBefore = plane.liveHeapMib();
        var calls = Bench.latest(Tokens.headers(plane.tokens().of("authorized_medical_staff")), patients);
        try (var connections = new Connections(plane.port(), Bench.CONNECTIONS)) {
            for (int i = 1; i <= INTERVALS; i++) {
                var outcome = OpenLoop.run(connections, calls, perSecond, Duration.ZERO, interval);
                p99.add(outcome.millis(99));
                resident.add((double) plane.residentMib());
                rows.add(List.of(
                        i * interval.toMillis() / 60_000.0,
                        outcome.perSecond(),
                        outcome.millis(50),
                        outcome.millis(99),
                        outcome.millis(99.9),
                        outcome.failuresText(),
                        resident.getLast()));
            }
        }
        report.note(judgement("p99 latency", p99));
        report.note(judgement("resident memory", resident));
        report.note(
                String.format("Soak: %.1f MiB of live heap before, %.1f MiB after", liveBefore, plane.liveHeapMib()));
        report.chart(
                "soak",
                Chart.linear(
                        "Soak", "interval", "resident MiB", List.of(new Chart.Line("resident MiB", points(resident)))));
    }

    private static List<double[]> points(List<Double> values) {
        var points = new ArrayList<double[]>();
        for (var value : values) {
            points.add(new double[] {points.size() + 1, value});
        }
        return points;
    }

    private static String judgement(String what, List<Double> values) {
        double first = median(values.subList(0, values.size() / 3));
        double last = median(values.subList(values.size() - values.size() / 3, values.size()));
        return "Soak: " + what + " was " + Report.number(first) + " in the first third and " + Report.number(last)
                + " in the last: " + (last <= first * FLAT ? "flat" : "NOT FLAT");
    }

    private static double median(List<Double> values) {
        return values.stream().sorted().skip(values.size() / 2).findFirst().orElse(Double.NaN);
    }
}
