package io.pulseplane.gate.audit.verifying;

import io.pulseplane.gate.audit.TrailMark;
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
     *     crashed or is writing the trail; nothing proves that the node wrote them
     * @param unproven the parts that were found after a crash beyond the last signature; each is as it was found, but
     *     nothing proves that the node wrote it
     * @param anchors how many anchors the trail has; those in removed segments do not count
     */
    record Intact(
            long records,
            long segments,
            String digest,
            long unsignedRecords,
            List<TrailMark.Unproven> unproven,
            long anchors)
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
