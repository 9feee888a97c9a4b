package io.pulseplane.gate.policy;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * Which policy decides, and within which bounds.
 *
 * @param directory where a policy lies that takes the place of the built-in one; for {@link Engine#WASM}
 * @param checkEvery how often that directory is looked at
 * @param instances instances of the policy kept, and threads that an interpreted one decides on
 * @param maxVerdicts verdicts remembered
 * @param server base URL of the OPA server, such as {@code http://localhost:8181}; for {@link Engine#OPA}
 * @param serverTimeout how long the server may take
 * @param serverVerdictLife how long what it said is remembered, as its policy can change unseen
 * @param serverFailures failures in a row after which it is left alone
 * @param serverPause for how long
 */
public record PolicySettings(
        Engine engine,
        Optional<Path> directory,
        Duration checkEvery,
        int instances,
        int maxVerdicts,
        URI server,
        Duration serverTimeout,
        Duration serverVerdictLife,
        int serverFailures,
        Duration serverPause) {

    /** Who evaluates. */
    public enum Engine {
        /** The plane, in process. */
        WASM,
        /** An OPA server. */
        OPA
    }

    public PolicySettings {
        requirePositive(instances, "instances");
        requirePositive(maxVerdicts, "maxVerdicts");
        requirePositive(serverFailures, "serverFailures");
        requirePositive(checkEvery, "checkEvery");
        requirePositive(serverTimeout, "serverTimeout");
        requirePositive(serverVerdictLife, "serverVerdictLife");
        requirePositive(serverPause, "serverPause");
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
