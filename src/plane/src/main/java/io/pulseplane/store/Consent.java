package io.pulseplane.store;

import java.util.List;
import java.util.OptionalLong;

/**
 * A patient's word on who may read, as it was recorded. The one recorded last holds; those before it are history.
 *
 * @param number grows with every consent of this store
 * @param granted whether it was granted; withdrawn if not
 * @param from inclusive, microseconds since the epoch
 * @param to exclusive, microseconds since the epoch; empty where it has no end
 * @param codes for which codes; for all when empty
 * @param recordedBy who recorded it
 * @param recordedAt microseconds since the epoch
 */
public record Consent(
        long number,
        String patient,
        boolean granted,
        long from,
        OptionalLong to,
        List<String> codes,
        String recordedBy,
        long recordedAt) {

    public Consent {
        codes = List.copyOf(codes);
    }

    /**
     * Whether these codes may be read at that time.
     *
     * @param asked of which codes readings are asked for; of all when empty
     */
    public boolean permits(List<String> asked, long time) {
        return granted
                && time >= from
                && (to.isEmpty() || time < to.getAsLong())
                && (codes.isEmpty() || !asked.isEmpty() && codes.containsAll(asked));
    }
}
