package io.pulseplane.node.metrics;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.pulseplane.store.GuardEvents;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;

/** Reports the state of a circuit breaker, and counts the interventions of the guard that it belongs to. */
public final class GuardMetrics implements GuardEvents {

    private final Map<Intervention, Counter> interventions = new EnumMap<>(Intervention.class);
    private volatile int state;

    /** @param guarded the label of the guarded calls */
    public GuardMetrics(MeterRegistry registry, String guarded) {
        Gauge.builder("pulseplane.breaker", this, metrics -> metrics.state)
                .description("State of a circuit breaker: 0 closed, 1 half open, 2 open")
                .tag("of", guarded)
                .register(registry);
        for (var intervention : Intervention.values()) {
            interventions.put(
                    intervention,
                    Counter.builder("pulseplane.guard.interventions")
                            .description("Calls that timed out, were retried, exceeded the bulkhead or met an open"
                                    + " circuit breaker")
                            .tag("of", guarded)
                            .tag("what", intervention.name().toLowerCase(Locale.ROOT))
                            .register(registry));
        }
    }

    @Override
    public void intervened(Intervention intervention) {
        interventions.get(intervention).increment();
    }

    @Override
    public void circuitBreakerChanged(String newState) {
        state = switch (newState) {
            case "OPEN" -> 2;
            case "HALF_OPEN" -> 1;
            default -> 0;
        };
    }
}
