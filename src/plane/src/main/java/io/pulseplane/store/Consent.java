package io.pulseplane.store;

import java.util.List;
import java.util.OptionalLong;

/**
 * A consent of a patient, or its withdrawal. The latest one applies; the earlier ones are history.
 *
 * @param number grows with every consent of the store
 * @param granted true for a consent, false for a withdrawal
 * @param from inclusive, microseconds since the epoch
 * @param to exclusive, microseconds since the epoch; empty if the consent has no end
 * @param codes the codes that the consent covers; all if empty
 * @param recordedBy the caller who recorded it
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
     * Returns whether the consent permits to read these codes at that time.
     *
     * @param requestedCodes the codes that a request names; all if empty
     */
    public boolean permits(List<String> requestedCodes, long time) {
        return granted
                && time >= from
                && (to.isEmpty() || time < to.getAsLong())
                && (codes.isEmpty() || (!requestedCodes.isEmpty() && codes.containsAll(requestedCodes)));
    }
}
