package io.pulseplane.node;

import io.pulseplane.clock.PlaneClock;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import io.vertx.core.Vertx;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;

/** Lets the plane's clock look at the operating system's clock every second, on a worker thread. */
@Singleton
final class ClockTimer {

    private static final long INTERVAL_MILLIS = 1_000;

    private final PlaneClock clock;
    private final Vertx vertx;

    ClockTimer(PlaneClock clock, Vertx vertx) {
        this.clock = clock;
        this.vertx = vertx;
    }

    void onStart(@Observes StartupEvent event) {
        vertx.setPeriodic(
                INTERVAL_MILLIS,
                _ -> vertx.executeBlocking(
                        () -> {
                            clock.check();
                            return null;
                        },
                        true));
    }

    void onStop(@Observes ShutdownEvent event) {
        clock.close();
    }
}
