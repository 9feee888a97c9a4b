package io.pulseplane.gate.policy;

import java.util.List;

/**
 * The decision of a policy.
 *
 * @param reasons why it refuses, as short words for programs, sorted; empty if it permits
 * @param policyDigest the policy that decided
 */
public record PolicyDecision(boolean isPermitted, List<String> reasons, String policyDigest) {

    /** The reason if the policy failed or its answer was not readable. */
    static final String POLICY_ERROR = "policy_error";

    public PolicyDecision {
        reasons = List.copyOf(reasons);
    }

    /** The decision if the policy fails: it refuses. */
    static PolicyDecision error(String policyDigest) {
        return new PolicyDecision(false, List.of(POLICY_ERROR), policyDigest);
    }

    /** Whether the policy failed, or its answer was not readable. */
    public boolean isError() {
        return reasons.contains(POLICY_ERROR);
    }
}
