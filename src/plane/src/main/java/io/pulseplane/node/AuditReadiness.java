package io.pulseplane.node;

import io.pulseplane.gate.audit.AuditLog;
import jakarta.inject.Singleton;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Readiness;

/** Ready means that what is done can be written down. */
@Readiness
@Singleton
final class AuditReadiness implements HealthCheck {

    private final AuditLog audit;

    AuditReadiness(AuditLog audit) {
        this.audit = audit;
    }

    @Override
    public HealthCheckResponse call() {
        return HealthCheckResponse.named("audit").status(audit.healthy()).build();
    }
}
