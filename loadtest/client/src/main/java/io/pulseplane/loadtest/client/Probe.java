package io.pulseplane.loadtest.client;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/** Makes few calls at a fixed rate, on a connection and a thread of its own, to measure latency beside another load. */
final class Probe {

    static final double PER_SECOND = 200;

    private Probe() {}

    static CompletableFuture<Outcome> start(Plane plane, Duration length) {
        return CompletableFuture.supplyAsync(
                () -> {
                    var calls = Harness.getLatestCalls(
                            Tokens.headers(plane.tokens().ofRole("authorized_medical_staff")), 1);
                    try (var connections = new ClientConnections(plane.port(), 1)) {
                        return OpenLoop.run(connections, calls, PER_SECOND, Duration.ZERO, length);
                    } catch (InterruptedException e) {
                        throw new IllegalStateException(e);
                    }
                },
                task -> Thread.ofPlatform().start(task));
    }
}
