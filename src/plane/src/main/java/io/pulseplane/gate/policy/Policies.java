package io.pulseplane.gate.policy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;

/** The policies there are to choose from. */
public final class Policies {

    /** What a policy from a directory has for being read and for its first decision. */
    private static final Duration TRIAL_TIMEOUT = Duration.ofSeconds(10);

    private Policies() {}

    /**
     * The policy that the settings ask for, with a memory for verdicts.
     *
     * @throws UncheckedIOException if a directory is asked for that holds no policy that can be used
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

    /** The policy that was compiled into the plane, without a memory for verdicts. */
    public static WasmPolicy builtIn(int instances) {
        return new WasmPolicy(PolicyModule.builtIn(), instances, Runnable::run);
    }

    private static PolicyDirectory directory(PolicySettings settings) {
        try {
            return new PolicyDirectory(settings.directory().orElseThrow(), settings, TRIAL_TIMEOUT);
        } catch (IOException e) {
            throw new UncheckedIOException(e.getMessage(), e);
        }
    }

    private static OpaServerPolicy server(PolicySettings settings) {
        var breaker = new CircuitBreaker(settings.serverMaxFailures(), settings.serverRetryDelay(), System::nanoTime);
        return new OpaServerPolicy(settings.server(), settings.serverTimeout(), breaker);
    }
}
