package io.pulseplane.gate;

import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.SequencedMap;
import java.util.Set;

/**
 * Remembers what was permitted on one stream of requests. A repeated request is then decided and recorded once. It is
 * decided and recorded again when anything that the decision rests on has changed, or when the grant has expired. A
 * cache belongs to one call and is used on its executor.
 */
final class GrantCache {

    /** Beyond it, the least recently used grant is forgotten, which costs one more decision and one more record. */
    private static final int MAX_GRANTS = 256;

    /** The versions of everything that a decision rests on. */
    record Basis(long factsVersion, long siteEpoch, String policyDigest) {}

    private record Grant(Basis basis, Deadline end) {}

    /** The least recently used first, which goes first when there are too many. */
    private final SequencedMap<Access, Grant> grants = new LinkedHashMap<>(16, 0.75f, true);

    /** Requests that wait for a decision. Their number is bounded by the requests of the call that are under way. */
    private final Set<Access> underDecision = new HashSet<>();

    boolean isGranted(Access access, Basis basis, long nowUs, long nowNanos) {
        var grant = grants.get(access);
        return grant != null && !grant.end.isOver(nowUs, nowNanos) && grant.basis.equals(basis);
    }

    /** Notes that a decision has begun. Returns false if one was under way already. */
    boolean beginDecision(Access access) {
        return underDecision.add(access);
    }

    void endDecision(Access access) {
        underDecision.remove(access);
    }

    /** @param basis as it was before the decision was made */
    void grant(Access access, Basis basis, Deadline end) {
        grants.put(access, new Grant(basis, end));
        if (grants.size() > MAX_GRANTS) {
            grants.pollFirstEntry();
        }
    }
}
