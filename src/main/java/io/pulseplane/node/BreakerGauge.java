package io.pulseplane.node;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;

/** The state of a circuit breaker as a number: 0 closed, 1 half open, 2 open. */
final class BreakerGauge {

    private volatile int state;

    BreakerGauge(MeterRegistry registry, String of) {
        Gauge.builder("pulseplane.breaker", this, gauge -> gauge.state)
                .description("State of a circuit breaker: 0 closed, 1 half open, 2 open")
                .tag("of", of)
                .register(registry);
    }

    /** @param name in the words of SmallRye Fault Tolerance */
    void is(String name) {
        state = switch (name) {
            case "OPEN" -> 2;
            case "HALF_OPEN" -> 1;
            default -> 0;
        };
    }
}
