package io.pulseplane.node;

import io.pulseplane.clock.PlaneClock;
import jakarta.inject.Singleton;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Readiness;

/** Says whether the clock is in doubt. The plane is ready all the same: only retention waits for the clock. */
@Readiness
@Singleton
final class ClockReadiness implements HealthCheck {

    private final PlaneClock clock;

    ClockReadiness(PlaneClock clock) {
        this.clock = clock;
    }

    @Override
    public HealthCheckResponse call() {
        var response = HealthCheckResponse.named("clock").up();
        return switch (clock.doubt()) {
            case NONE -> response.build();
            case AHEAD ->
                response.withData("doubt", "ahead")
                        .withData("retention", "suspended")
                        .build();
            case BEHIND ->
                response.withData("doubt", "behind")
                        .withData("retention", "suspended")
                        .build();
        };
    }
}
