package io.pulseplane.gate.audit.verifying;

import java.util.List;

/** The result of verifying a trail. */
public sealed interface VerificationResult {

    /**
     * Every record is in its place and unchanged.
     *
     * @param records how many records the trail has
     * @param segments how many segments the trail has
     * @param digest at the end of the trail; a copy of it in another place can tell this trail from an older copy
     * @param unsignedRecords how many of the newest records are chained but not signed yet, because the plane has
     *     crashed or is writing the trail
     * @param tornBytes length of an incomplete group after the last complete one
     */
    record Intact(long records, long segments, String digest, long unsignedRecords, long tornBytes)
            implements VerificationResult {}

    /**
     * The trail is not as it was written.
     *
     * @param findings the first finding of each segment, in the order of the trail; at least one
     */
    record Broken(List<Finding> findings) implements VerificationResult {
        public Broken {
            findings = List.copyOf(findings);
        }
    }
}
