package io.pulseplane.gate.policy;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/** Decides which callers may do what. Any thread may call it, and it never makes the calling thread wait. */
public interface Policy extends AutoCloseable {

    /**
     * Decides on an input. The stage fails with {@link io.pulseplane.vitals.PlaneException.Unavailable} or {@link
     * io.pulseplane.vitals.PlaneException.ResourceExhausted} if there is no decision, which permits nothing.
     */
    CompletionStage<PolicyDecision> decide(PolicyInput input);

    /** Returns the decision if it is cached, and null otherwise. Allocates nothing. */
    default PolicyDecision cached(PolicyInput input) {
        return null;
    }

    /** Identifies the policy that decides, as far as it is known. The audit trail has it with each decision. */
    String digest();

    /**
     * How long a decision stands without being asked for again. Empty if {@link #digest} shows every change of the
     * policy, so that a decision stands until then.
     */
    default Optional<Duration> validity() {
        return Optional.empty();
    }

    /** Releases the resources of the policy. Decisions under way still complete. */
    @Override
    void close();
}
