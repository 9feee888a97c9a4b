package io.pulseplane.node.metrics;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.pulseplane.clock.PlaneClock;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;

/** Gauges for what the plane thinks of the operating system's clock. */
@Singleton
final class ClockMetrics {

    private static final double MILLIS_PER_SECOND = 1e3;

    private final MeterRegistry registry;
    private final PlaneClock clock;

    ClockMetrics(MeterRegistry registry, PlaneClock clock) {
        this.registry = registry;
        this.clock = clock;
    }

    void register(@Observes StartupEvent event) {
        Gauge.builder("pulseplane.clock.in.doubt", clock, c -> c.doubt() == PlaneClock.Doubt.NONE ? 0 : 1)
                .description("1 while the clock is in doubt, so that nothing is deleted for its age")
                .register(registry);
        Gauge.builder("pulseplane.clock.offset", clock, c -> c.offset().toMillis() / MILLIS_PER_SECOND)
                .description("How far the operating system's clock is ahead of the plane's time")
                .baseUnit("seconds")
                .register(registry);
        Gauge.builder("pulseplane.clock.synchronized", clock, c -> c.isSynchronized() ? 1 : 0)
                .description("1 if the kernel says that a time server keeps the clock")
                .register(registry);
    }
}
