package io.pulseplane.gate.policy;

import java.util.concurrent.CompletionStage;

/** Says who may do what. A policy is safe to ask from any thread, and never keeps the thread that asks waiting. */
public interface Policy extends AutoCloseable {

    /**
     * The verdict on what is asked. Fails with {@link io.pulseplane.vitals.PlaneException.Unavailable} or {@link
     * io.pulseplane.vitals.PlaneException.ResourceExhausted} where nobody can say, which permits nothing either.
     */
    CompletionStage<PolicyDecision> decide(PolicyInput input);

    /** The verdict if it is known already, at once; null if it has to be decided. Costs no allocation. */
    default PolicyDecision cached(PolicyInput input) {
        return null;
    }

    /** Which policy it is that decides, as well as that can be said: the trail keeps it beside each decision. */
    String digest();

    /** Lets go of what the policy holds. Decisions under way end as they would have. */
    @Override
    void close();
}
