package io.pulseplane.node.metrics;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.pulseplane.store.GuardEvents;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;

/** The state of a circuit breaker as a number, 0 closed, 1 half open, 2 open, and how often the guard it belongs to stepped in. */
public final class GuardMetrics implements GuardEvents {

    private final Map<Intervention, Counter> interventions = new EnumMap<>(Intervention.class);
    private volatile int state;

    public GuardMetrics(MeterRegistry registry, String of) {
        Gauge.builder("pulseplane.breaker", this, metrics -> metrics.state)
                .description("State of a circuit breaker: 0 closed, 1 half open, 2 open")
                .tag("of", of)
                .register(registry);
        for (var intervention : Intervention.values()) {
            interventions.put(
                    intervention,
                    Counter.builder("pulseplane.guard.interventions")
                            .description(
                                    "Questions that took too long, were asked again, were too many, or came while the"
                                            + " circuit breaker was open")
                            .tag("of", of)
                            .tag("what", intervention.name().toLowerCase(Locale.ROOT))
                            .register(registry));
        }
    }

    @Override
    public void intervened(Intervention how) {
        interventions.get(how).increment();
    }

    @Override
    public void circuitBreakerChanged(String name) {
        state = switch (name) {
            case "OPEN" -> 2;
            case "HALF_OPEN" -> 1;
            default -> 0;
        };
    }
}
