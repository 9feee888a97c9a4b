package io.pulseplane.gate.policy;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * Which policy decides, and within which bounds.
 *
 * @param directory a directory with a policy that replaces the built-in one; for {@link Engine#WASM}
 * @param checkInterval how often that directory is checked for changes
 * @param instances how many instances of the policy are kept, and how many threads an interpreted one decides on
 * @param maxCachedDecisions how many decisions are cached
 * @param server base URL of the OPA server, such as {@code http://localhost:8181}; for {@link Engine#OPA}
 * @param serverTimeout how long the server may take
 * @param serverDecisionTtl how long its decisions are cached, because its policy can change without notice
 * @param serverMaxFailures the number of failures in a row after which it gets no queries for a while
 * @param serverRetryDelay how long it then gets no queries
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

    /** What evaluates the policy. */
    public enum Engine {
        /** The plane, in process. */
        WASM,
        /** An OPA server. */
        OPA
    }

    public PolicySettings {
        requirePositive(instances, "instances");
        requirePositive(maxCachedDecisions, "maxCachedDecisions");
        requirePositive(serverMaxFailures, "serverMaxFailures");
        requirePositive(checkInterval, "checkInterval");
        requirePositive(serverTimeout, "serverTimeout");
        requirePositive(serverDecisionTtl, "serverDecisionTtl");
        requirePositive(serverRetryDelay, "serverRetryDelay");
        if (!"http".equals(server.getScheme()) && !"https".equals(server.getScheme())) {
            throw new IllegalArgumentException("server must be an http or https URL");
        }
    }

    public static PolicySettings defaults() {
        return new PolicySettings(
                Engine.WASM,
                Optional.empty(),
                Duration.ofMillis(100),
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
            throw new IllegalArgumentException(name + " must be at least 1");
        }
    }

    private static void requirePositive(Duration value, String name) {
        if (!value.isPositive()) {
            throw new IllegalArgumentException(name + " must be positive");
        }
    }
}
