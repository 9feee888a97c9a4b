package io.pulseplane.node;

import io.pulseplane.gate.policy.Policy;
import io.pulseplane.gate.policy.PolicyInput;
import io.smallrye.health.api.AsyncHealthCheck;
import io.smallrye.mutiny.Uni;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.List;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Readiness;

/**
 * The plane is ready while its policy decides. While an OPA server does not answer, or a policy fails, the gate would
 * refuse every call.
 */
@Readiness
@Singleton
final class PolicyReadiness implements AsyncHealthCheck {

    /** Longer than an OPA server may take by default. */
    private static final Duration CHECK_TIMEOUT = Duration.ofSeconds(1);

    /** A question that no caller asks. Any decision will do. */
    private static final PolicyInput QUESTION = new PolicyInput(
            "describe",
            "grpc.health.v1.Health/Check",
            new PolicyInput.User("readiness", List.of(), "", "", ""),
            "",
            false,
            "",
            "",
            true,
            "local",
            true,
            "");

    private final Policy policy;

    PolicyReadiness(Policy policy) {
        this.policy = policy;
    }

    @Override
    public Uni<HealthCheckResponse> call() {
        return Uni.createFrom()
                .completionStage(() -> policy.decide(QUESTION))
                .map(decision -> !decision.isError())
                .ifNoItem()
                .after(CHECK_TIMEOUT)
                .recoverWithItem(false)
                .onFailure()
                .recoverWithItem(false)
                .map(decided ->
                        HealthCheckResponse.named("policy").status(decided).build());
    }
}
