package io.pulseplane.node;

import io.pulseplane.gate.audit.writing.AuditTrail;
import jakarta.inject.Singleton;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Readiness;

/** The plane is ready while it can write the audit trail. */
@Readiness
@Singleton
final class AuditReadiness implements HealthCheck {

    private final AuditTrail audit;

    AuditReadiness(AuditTrail audit) {
        this.audit = audit;
    }

    @Override
    public HealthCheckResponse call() {
        return HealthCheckResponse.named("audit").status(audit.isHealthy()).build();
    }
}
