package io.pulseplane.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.pulseplane.gate.policy.Policies;
import io.pulseplane.gate.policy.PolicySettings;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.time.Duration;
import java.util.Optional;
import org.eclipse.microprofile.health.HealthCheckResponse.Status;
import org.junit.jupiter.api.Test;

/** A plane whose policy cannot decide refuses every call, so it must not look ready. */
class PolicyReadinessTest {

    private static Status readiness(PolicySettings settings) {
        try (var policy = Policies.open(settings)) {
            return new PolicyReadiness(policy)
                    .call()
                    .await()
                    .atMost(Duration.ofSeconds(30))
                    .getStatus();
        }
    }

    @Test
    void is_ready_with_the_policy_that_is_built_in() {
        assertThat(readiness(PolicySettings.defaults())).isEqualTo(Status.UP);
    }

    @Test
    void is_not_ready_while_no_opa_server_answers() throws Exception {
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            // Takes connections and never answers.
            var silent = URI.create("http://localhost:" + socket.getLocalPort());
            assertThat(readiness(askingServer(silent))).isEqualTo(Status.DOWN);
        }
    }

    private static PolicySettings askingServer(URI server) {
        var defaults = PolicySettings.defaults();
        return new PolicySettings(
                PolicySettings.Engine.OPA,
                Optional.empty(),
                defaults.checkInterval(),
                defaults.instances(),
                defaults.maxCachedDecisions(),
                server,
                Duration.ofMillis(50),
                defaults.serverDecisionTtl(),
                defaults.serverMaxFailures(),
                defaults.serverRetryDelay());
    }
}
