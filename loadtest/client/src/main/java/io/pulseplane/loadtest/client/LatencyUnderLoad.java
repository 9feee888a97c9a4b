package io.pulseplane.loadtest.client;

import java.util.ArrayList;
import java.util.List;

/** Measures the latency of a plane at fixed rates below its peak. */
final class LatencyUnderLoad {

    private static final double[] SHARES = {0.05, 0.1, 0.25, 0.5, 0.75, 0.9};
    private static final double[] PERCENTILES = {50, 99, 99.9};

    private final Harness harness;
    private final Report report;

    LatencyUnderLoad(Harness harness, Report report) {
        this.harness = harness;
        this.report = report;
    }

    /** @param peak the peak of this client and this server, in answers a second */
    void measure(Plane plane, double peak, int patients) throws InterruptedException {
        var rows = report.table(
                "How long it takes under load",
                "GetLatest of " + patients
                        + " patients in turn at fixed rates, which are shares of this client's peak;"
                        + " milliseconds from when a call was due. The promise is p50 50, p99 100, p99.9 200.",
                "share",
                "asked/s",
                "answered/s",
                "p50",
                "p99",
                "p99.9",
                "max",
                "failed",
                "not sent",
                "promise");
        var lines = new ArrayList<Chart.Line>();
        for (double percentile : PERCENTILES) {
            lines.add(new Chart.Line("p" + Report.number(percentile).replaceAll("0$", ""), new ArrayList<>()));
        }
        var caller = Tokens.headers(plane.tokens().ofRole("authorized_medical_staff"));
        for (double share : SHARES) {
            try (var connections = new ClientConnections(plane.port(), Harness.CONNECTIONS)) {
                var outcome = OpenLoop.run(
                        connections,
                        Harness.getLatestCalls(caller, patients),
                        share * peak,
                        harness.rampUp(),
                        harness.measurement());
                rows.add(row(share, share * peak, outcome));
                for (int i = 0; i < PERCENTILES.length; i++) {
                    lines.get(i).points().add(new double[] {share * peak, outcome.millis(PERCENTILES[i])});
                }
            }
        }
        report.chart(
                "latency-under-load",
                Chart.logarithmicUp("GetLatest: latency under load", "calls a second", "milliseconds", lines));
    }

    static List<Object> row(Object label, double callsPerSecond, Outcome outcome) {
        return List.of(
                label,
                callsPerSecond,
                outcome.perSecond(),
                outcome.millis(50),
                outcome.millis(99),
                outcome.millis(99.9),
                outcome.maxMillis(),
                outcome.failuresText(),
                outcome.notSent(),
                outcome.meetsLatencyObjective() ? "kept" : "broken");
    }
}
