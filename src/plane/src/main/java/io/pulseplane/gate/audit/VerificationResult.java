package io.pulseplane.gate.audit;

import java.util.List;

/** What came of verifying a log. */
public sealed interface VerificationResult {

    /**
     * Every record is there, unchanged and in its place.
     *
     * @param records that are there
     * @param segments that are there
     * @param digest at the end of the log. Kept elsewhere, it tells this log from an older copy of it
     * @param unsignedRecords how many of the newest records are chained but not signed yet: those of the last moments before a
     *     crash, or before now if the log is being written
     * @param tornBytes length of an unfinished group after the last complete one
     */
    record Intact(long records, long segments, String digest, long unsignedRecords, long tornBytes)
            implements VerificationResult {}

    /** @param findings the first of each segment, in the order of the log; at least one */
    record Broken(List<Finding> findings) implements VerificationResult {
        public Broken {
            findings = List.copyOf(findings);
        }
    }
}
