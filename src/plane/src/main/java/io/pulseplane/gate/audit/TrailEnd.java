package io.pulseplane.gate.audit;

/**
 * How far the log reaches.
 *
 * @param segment the newest; 0 before there is one
 * @param firstRecord number of its first record
 * @param openedUs when it was begun
 * @param offset after its last complete group, or after its seal
 * @param lastRecord number of the last record
 * @param times times of the segment's records
 * @param isSealed whether the next group needs a new segment
 */
record TrailEnd(
        long segment,
        long firstRecord,
        long openedUs,
        long offset,
        long lastRecord,
        TimeBounds times,
        String digest,
        boolean isSealed) {

    static final TrailEnd GENESIS = new TrailEnd(0, 1, 0, 0, 0, TimeBounds.NONE, HashChain.GENESIS, true);

    long records() {
        return lastRecord - firstRecord + 1;
    }

    TrailEnd after(GroupFooter group, long end) {
        return new TrailEnd(
                segment, firstRecord, openedUs, end, group.lastRecord(), group.times(), group.digest(), false);
    }

    TrailEnd after(SegmentFooter seal, long end) {
        return new TrailEnd(segment, firstRecord, openedUs, end, lastRecord, times, seal.digest(), true);
    }

    /** The end before there is anything in the segment after this one. */
    TrailEnd nextSegment(long nowUs) {
        return new TrailEnd(segment + 1, lastRecord + 1, nowUs, 0, lastRecord, TimeBounds.NONE, digest, false);
    }

    SegmentHeader header() {
        return new SegmentHeader(segment, firstRecord, openedUs, digest);
    }

    SignedHead head(long nowUs) {
        return new SignedHead(segment, offset, lastRecord, digest, nowUs);
    }
}
