package io.pulseplane.node.compliance;

import io.pulseplane.clock.PlaneClock;
import io.pulseplane.gate.audit.writing.AuditTrail;
import io.pulseplane.gate.policy.Policy;
import io.pulseplane.node.config.EdgeConfig;
import io.pulseplane.node.config.GateConfig;
import io.pulseplane.node.config.PlaneConfig;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.util.ArrayList;
import java.util.List;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/**
 * Serves the controls of the running plane beside its health: {@code GET /q/compliance}, an array of objects with
 * {@code id}, {@code requirement}, {@code status} and {@code detail}.
 */
@Singleton
final class ComplianceRoute {

    private final ConfigurationControls configuration;
    private final AuditTrail audit;
    private final Policy policy;
    private final PlaneClock clock;

    ComplianceRoute(
            PlaneConfig plane,
            EdgeConfig edge,
            GateConfig gate,
            @ConfigProperty(name = "quarkus.grpc.server.host") String grpcHost,
            @ConfigProperty(name = "quarkus.http.host") String httpHost,
            AuditTrail audit,
            Policy policy,
            PlaneClock clock) {
        this.configuration = new ConfigurationControls(plane, edge, gate, grpcHost, httpHost);
        this.audit = audit;
        this.policy = policy;
        this.clock = clock;
    }

    void register(@Observes Router router) {
        router.get(RunningPlane.PATH)
                .handler(context -> context.response()
                        .putHeader("content-type", "application/json")
                        .putHeader("cache-control", "no-store")
                        .end(toJson(check()).encode()));
    }

    private List<Control> check() {
        var controls = new ArrayList<>(configuration.check());
        controls.add(Control.passIf(
                audit.isEnabled() && audit.isHealthy(),
                "audit-is-written",
                "45 CFR 164.312(b)",
                "the audit trail can be written; the policy in force is " + policy.digest(),
                "the audit trail is not written"));
        controls.add(clock());
        return controls;
    }

    private Control clock() {
        var id = "clock";
        var requirement = "45 CFR 164.312(b)";
        if (clock.doubt() != PlaneClock.Doubt.NONE) {
            return new Control(
                    id,
                    requirement,
                    Control.Status.FAIL,
                    "the clock is in doubt: set it right, or run `pulseplane clock confirm`");
        }
        return Control.passIf(
                clock.isSynchronized(),
                id,
                requirement,
                "a time server keeps the clock",
                "the kernel knows of no time server that keeps the clock: times in the audit trail may be wrong");
    }

    private static JsonArray toJson(List<Control> controls) {
        var array = new JsonArray();
        controls.forEach(control -> array.add(new JsonObject()
                .put("id", control.id())
                .put("requirement", control.requirement())
                .put("status", control.status().name())
                .put("detail", control.detail())));
        return array;
    }
}
