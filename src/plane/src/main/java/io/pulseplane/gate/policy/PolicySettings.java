package io.pulseplane.gate.policy;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * Which policy decides, and within which bounds.
 *
 * @param directory where a policy lies that takes the place of the built-in one; for {@link Engine#WASM}
 * @param checkInterval how often that directory is looked at
 * @param instances instances of the policy kept, and threads that an interpreted one decides on
 * @param maxCachedDecisions verdicts remembered
 * @param server base URL of the OPA server, such as {@code http://localhost:8181}; for {@link Engine#OPA}
 * @param serverTimeout how long the server may take
 * @param serverDecisionTtl how long what it said is remembered, as its policy can change unseen
 * @param serverMaxFailures failures in a row after which it is left alone
 * @param serverRetryDelay for how long
 */
public record PolicySettings(
        Engine engine,
        Optional<Path> directory,
        Duration checkInterval,
        int instances,
        int maxCachedDecisions,
        URI server,
        Duration serverTimeout,
        Duration serverDecisionTtl,
        int serverMaxFailures,
        Duration serverRetryDelay) {

    /** Who evaluates. */
    public enum Engine {
        /** The plane, in process. */
        WASM,
        /** An OPA server. */
        OPA
    }

    public PolicySettings {
        requirePositive(instances, "instances");
        requirePositive(maxCachedDecisions, "maxVerdicts");
        requirePositive(serverMaxFailures, "serverFailures");
        requirePositive(checkInterval, "checkEvery");
        requirePositive(serverTimeout, "serverTimeout");
        requirePositive(serverDecisionTtl, "serverVerdictLife");
        requirePositive(serverRetryDelay, "serverPause");
        if (!"http".equals(server.getScheme()) && !"https".equals(server.getScheme())) {
            throw new IllegalArgumentException("server is an http or https URL");
        }
    }

    public static PolicySettings defaults() {
        return new PolicySettings(
                Engine.WASM,
                Optional.empty(),
                Duration.ofSeconds(1),
                Runtime.getRuntime().availableProcessors(),
                16_384,
                URI.create("http://localhost:8181"),
                Duration.ofMillis(200),
                Duration.ofSeconds(1),
                5,
                Duration.ofSeconds(1));
    }

    private static void requirePositive(int value, String name) {
        if (value <= 0) {
            throw new IllegalArgumentException(name + " is at least 1");
        }
    }

    private static void requirePositive(Duration value, String name) {
        if (!value.isPositive()) {
            throw new IllegalArgumentException(name + " is more than nothing");
        }
    }
}
