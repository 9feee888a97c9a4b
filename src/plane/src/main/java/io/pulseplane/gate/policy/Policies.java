package io.pulseplane.gate.policy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;

/** Opens the policy that the settings choose. */
public final class Policies {

    /** How long a policy from a directory may take to be read and to make its first decision. */
    private static final Duration TRIAL_TIMEOUT = Duration.ofSeconds(10);

    /** How long a decision may take that waits for a new policy, so that a permission that is over ends in time. */
    private static final Duration DECISION_TIMEOUT = Duration.ofMillis(500);

    private Policies() {}

    /**
     * Opens the policy that the settings choose, with a cache of its decisions.
     *
     * @throws UncheckedIOException if the settings name a directory without a usable policy
     */
    public static Policy open(PolicySettings settings) {
        return switch (settings.engine()) {
            case WASM ->
                settings.directory().isPresent()
                        ? directory(settings)
                        : new CachedPolicy(builtIn(settings.instances()), settings.maxCachedDecisions(), Duration.ZERO);
            case OPA -> new CachedPolicy(server(settings), settings.maxCachedDecisions(), settings.serverDecisionTtl());
        };
    }

    /** The policy that was compiled into the plane, without a cache. */
    public static WasmPolicy builtIn(int instances) {
        return new WasmPolicy(PolicyModule.builtIn(), instances, Runnable::run);
    }

    private static PolicyDirectory directory(PolicySettings settings) {
        try {
            return new PolicyDirectory(settings.directory().orElseThrow(), settings, TRIAL_TIMEOUT, DECISION_TIMEOUT);
        } catch (IOException e) {
            throw new UncheckedIOException(e.getMessage(), e);
        }
    }

    private static OpaServerPolicy server(PolicySettings settings) {
        return new OpaServerPolicy(
                settings.server(), settings.serverTimeout(), settings.serverMaxFailures(), settings.serverRetryDelay());
    }
}
