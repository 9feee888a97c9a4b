package io.pulseplane.gate.policy;

import java.util.List;

/**
 * What a policy said.
 *
 * @param reasons why not, in short words for programs, sorted; empty where it is permitted
 * @param policyDigest the policy that said it
 */
public record PolicyDecision(boolean isPermitted, List<String> reasons, String policyDigest) {

    /** The policy gave no answer that can be read as one. */
    static final String POLICY_ERROR = "policy_error";

    public PolicyDecision {
        reasons = List.copyOf(reasons);
    }

    /** What is said where the policy fails: no. */
    static PolicyDecision error(String policyDigest) {
        return new PolicyDecision(false, List.of(POLICY_ERROR), policyDigest);
    }

    boolean isError() {
        return reasons.contains(POLICY_ERROR);
    }
}
