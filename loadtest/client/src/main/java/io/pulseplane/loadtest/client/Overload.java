package io.pulseplane.loadtest.client;

import io.pulseplane.api.v1.GetLatestRequest;
import io.pulseplane.api.v1.GetLatestResponse;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/**
 * Three times what a server can take, and what that does to somebody who asks little: while it lasts, and from one second
 * after it has ended.
 */
final class Overload {

    private static final double TIMES = 3;
    private static final Duration RECOVERY = Duration.ofSeconds(1);

    private final Bench bench;
    private final Report report;

    Overload(Bench bench, Report report) {
        this.bench = bench;
        this.report = report;
    }

    void measure(Plane plane, double peak) throws InterruptedException {
        var rows = report.table(
                "At the bound",
                "GetLatest at " + TIMES
                        + " times what this client got at most, and meanwhile, on a connection of their own,"
                        + " " + (int) Bystander.PER_SECOND
                        + " calls a second by somebody else. *Not sent* is what HTTP/2 and"
                        + " the client held back, as 20,000 calls were under way.",
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
        var calls = Bench.latest(Tokens.headers(plane.tokens().of("authorized_medical_staff")), 1);
        rows.add(LatencyUnderLoad.row(
                "somebody, before",
                Bystander.PER_SECOND,
                Bystander.ask(plane, bench.measured()).join()));
        var storm = CompletableFuture.supplyAsync(() -> storm(plane, calls, TIMES * peak));
        rows.add(LatencyUnderLoad.row(
                "somebody, during",
                Bystander.PER_SECOND,
                Bystander.ask(plane, bench.measured()).join()));
        var stormed = storm.join();
        rows.add(LatencyUnderLoad.row("the storm", TIMES * peak, stormed));
        Thread.sleep(RECOVERY);
        rows.add(LatencyUnderLoad.row(
                "somebody, from 1 s after it",
                Bystander.PER_SECOND,
                Bystander.ask(plane, bench.measured()).join()));
    }

    private Outcome storm(Plane plane, Calls<GetLatestRequest, GetLatestResponse> calls, double perSecond) {
        try (var connections = new Connections(plane.port(), Bench.CONNECTIONS)) {
            return OpenLoop.run(connections, calls, perSecond, Duration.ZERO, bench.measured());
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
