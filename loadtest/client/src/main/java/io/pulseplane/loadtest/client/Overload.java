package io.pulseplane.loadtest.client;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * Three times what a server can take, and what that does to somebody who asks little: while it lasts, and from one second
 * after it has ended.
 */
final class Overload {

    private static final double OVERLOAD_FACTOR = 3;
    private static final int[] CONNECTIONS = {4, 16, 64};
    private static final Duration RECOVERY = Duration.ofSeconds(1);

    /** That the storm lasts longer than it is looked at. */
    private static final Duration OVERLOAD_MARGIN = Duration.ofSeconds(1);

    private final Harness bench;
    private final Report report;

    Overload(Harness bench, Report report) {
        this.bench = bench;
        this.report = report;
    }

    void measure(Plane plane, double peak) throws IOException, InterruptedException {
        if (!H2load.isInstalled()) {
            report.note("Nothing is said of what happens at the bound: h2load is not installed");
            return;
        }
        var rows = report.table(
                "At the bound",
                "GetLatest at " + OVERLOAD_FACTOR
                        + " times what this client got at most, by h2load on several connections, and"
                        + " meanwhile, on a connection of their own, " + (int) Probe.PER_SECOND
                        + " calls a second by somebody else. The storm's time is the mean, and from when HTTP/2 let a call be sent.",
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
        rows.add(probeRow("somebody, before", Probe.start(plane, bench.measurement())));
        for (int connections : CONNECTIONS) {
            var storm = CompletableFuture.supplyAsync(
                    () -> overload(plane, connections, OVERLOAD_FACTOR * peak),
                    work -> Thread.ofPlatform().start(work));
            rows.add(probeRow("somebody, during", Probe.start(plane, bench.measurement())));
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
            rows.add(probeRow("somebody, from 1 s after it", Probe.start(plane, bench.measurement())));
        }
    }

    private static List<Object> probeRow(String who, CompletableFuture<Outcome> asked) {
        return LatencyUnderLoad.row(who, Probe.PER_SECOND, asked.join());
    }

    private H2load.OverloadResult overload(Plane plane, int connections, double perSecond) {
        try {
            return bench.overload(
                    plane.server(),
                    plane.tokens().ofRole("authorized_medical_staff"),
                    connections,
                    perSecond,
                    bench.measurement().plus(OVERLOAD_MARGIN));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
