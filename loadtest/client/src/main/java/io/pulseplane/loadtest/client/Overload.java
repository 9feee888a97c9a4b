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

    private static final double TIMES = 3;
    private static final int[] CONNECTIONS = {4, 16, 64};
    private static final Duration RECOVERY = Duration.ofSeconds(1);

    /** That the storm lasts longer than it is looked at. */
    private static final Duration MARGIN = Duration.ofSeconds(1);

    private final Bench bench;
    private final Report report;

    Overload(Bench bench, Report report) {
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
                "GetLatest at " + TIMES + " times what this client got at most, by h2load on several connections, and"
                        + " meanwhile, on a connection of their own, " + (int) Bystander.PER_SECOND
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
        rows.add(bystander("somebody, before", Bystander.ask(plane, bench.measured())));
        for (int connections : CONNECTIONS) {
            var storm = CompletableFuture.supplyAsync(
                    () -> storm(plane, connections, TIMES * peak),
                    work -> Thread.ofPlatform().start(work));
            rows.add(bystander("somebody, during", Bystander.ask(plane, bench.measured())));
            var result = storm.join();
            rows.add(List.of(
                    "the storm on " + connections + " connections",
                    TIMES * peak,
                    result.answered(),
                    Report.number(result.meanMillis()) + " mean",
                    "",
                    "",
                    result.maxMillis(),
                    "",
                    "",
                    ""));
            Thread.sleep(RECOVERY);
            rows.add(bystander("somebody, from 1 s after it", Bystander.ask(plane, bench.measured())));
        }
    }

    private static List<Object> bystander(String who, CompletableFuture<Outcome> asked) {
        return LatencyUnderLoad.row(who, Bystander.PER_SECOND, asked.join());
    }

    private H2load.Storm storm(Plane plane, int connections, double perSecond) {
        try {
            return bench.storm(
                    plane.server(),
                    plane.tokens().of("authorized_medical_staff"),
                    connections,
                    perSecond,
                    bench.measured().plus(MARGIN));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
