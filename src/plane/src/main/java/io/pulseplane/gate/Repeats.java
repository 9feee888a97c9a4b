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
final class Repeats {

    private static final int MAX_REMEMBERED = 256;

    /** What a decision was made by. */
    record Basis(long changes, long epoch, String policy) {}

    private record Permit(Basis basis, long until) {}

    private final Map<Access, Permit> permits = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Access, Permit> eldest) {
            return size() > MAX_REMEMBERED;
        }
    };

    /** What is being decided on. Bounded by what the call has under way. */
    private final Set<Access> pending = new HashSet<>();

    boolean permits(Access access, Basis basis, long now) {
        var permit = permits.get(access);
        return permit != null && now < permit.until && permit.basis.equals(basis);
    }

    /** Whether it is not being decided on already, which it is from now on. */
    boolean begin(Access access) {
        return pending.add(access);
    }

    void end(Access access) {
        pending.remove(access);
    }

    /** @param basis as it was before the decision was made */
    void permitted(Access access, Basis basis, long until) {
        permits.put(access, new Permit(basis, until));
    }
}
