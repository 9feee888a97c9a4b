package io.pulseplane.gate;

import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * What was permitted on one stream of requests, so that a request that comes again and again is decided on and written
 * down once, and again when anything the decision was made by has changed, or the record is no longer fresh. Belongs to
 * one call.
 */
final class GrantCache {

    private static final int MAX_GRANTS = 256;

    /** What a decision was made by. */
    record Basis(long factsVersion, long siteEpoch, String policyDigest) {}

    private record Grant(Basis basis, long expiresUs) {}

    private final Map<Access, Grant> grants = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Access, Grant> eldest) {
            return size() > MAX_GRANTS;
        }
    };

    /** What is being decided on. Bounded by what the call has under way. */
    private final Set<Access> underDecision = new HashSet<>();

    boolean isGranted(Access access, Basis basis, long now) {
        var permit = grants.get(access);
        return permit != null && now < permit.expiresUs && permit.basis.equals(basis);
    }

    /** Whether it is not being decided on already, which it is from now on. */
    boolean beginDecision(Access access) {
        return underDecision.add(access);
    }

    void endDecision(Access access) {
        underDecision.remove(access);
    }

    /** @param basis as it was before the decision was made */
    void grant(Access access, Basis basis, long until) {
        grants.put(access, new Grant(basis, until));
    }
}
