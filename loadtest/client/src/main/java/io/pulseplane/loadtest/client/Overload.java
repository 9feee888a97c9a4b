package io.pulseplane.loadtest.client;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * Loads a plane with three times its peak, and measures the latency of another caller before the overload, during it,
 * and from one second after its end.
 */
final class Overload {

    private static final double OVERLOAD_FACTOR = 3;
    private static final int[] CONNECTIONS = {4, 16, 64};
    private static final Duration RECOVERY = Duration.ofSeconds(1);

    /** How much longer than its measurement the overload lasts. */
    private static final Duration OVERLOAD_MARGIN = Duration.ofSeconds(1);

    private final Harness harness;
    private final Report report;

    Overload(Harness harness, Report report) {
        this.harness = harness;
        this.report = report;
    }

    void measure(Plane plane, double peak) throws IOException, InterruptedException {
        if (!H2load.isInstalled()) {
            report.note("Overload was not measured: h2load is not installed");
            return;
        }
        var rows = report.table(
                "At the bound",
                "GetLatest at " + OVERLOAD_FACTOR
                        + " times this client's peak, by h2load on several connections, and meanwhile "
                        + (int) Probe.PER_SECOND
                        + " calls a second by another caller on a connection of its own. The storm's time is a"
                        + " mean, and counts from when HTTP/2 allowed a call.",
                "who",
                "asked/s",
                "answered/s",
                "p50",
                "p99",
                "p99.9",
                "max",
                "failed",
                "not sent",
                "promise");
        rows.add(probeRow("somebody, before", Probe.start(plane, harness.measurement())));
        for (int connections : CONNECTIONS) {
            var storm = CompletableFuture.supplyAsync(
                    () -> overload(plane, connections, OVERLOAD_FACTOR * peak),
                    task -> Thread.ofPlatform().start(task));
            rows.add(probeRow("somebody, during", Probe.start(plane, harness.measurement())));
            var result = storm.join();
            rows.add(List.of(
                    "the storm on " + connections + " connections",
                    OVERLOAD_FACTOR * peak,
                    result.answered(),
                    Report.number(result.meanMillis()) + " mean",
                    "",
                    "",
                    result.maxMillis(),
                    "",
                    "",
                    ""));
            Thread.sleep(RECOVERY);
            rows.add(probeRow("somebody, from 1 s after it", Probe.start(plane, harness.measurement())));
        }
    }

    private static List<Object> probeRow(String label, CompletableFuture<Outcome> outcome) {
        return LatencyUnderLoad.row(label, Probe.PER_SECOND, outcome.join());
    }

    private H2load.OverloadResult overload(Plane plane, int connections, double perSecond) {
        try {
            return harness.overload(
                    plane.server(),
                    plane.tokens().ofRole("authorized_medical_staff"),
                    connections,
                    perSecond,
                    harness.measurement().plus(OVERLOAD_MARGIN));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
