package io.pulseplane.gate.audit;

/**
 * The end of the trail: the position after its last complete group, and what is needed to continue there.
 *
 * @param segment number of the newest segment; 0 if there is none
 * @param firstRecord number of the segment's first record
 * @param openedUs when the segment was begun
 * @param offset in the segment, after its last complete group or its footer
 * @param lastRecord number of the last record
 * @param times bounds of the times of the segment's records
 * @param digest of the last group or segment footer
 * @param isSealed whether the segment has its footer, so that the next group begins a new segment
 */
public record TrailEnd(
        long segment,
        long firstRecord,
        long openedUs,
        long offset,
        long lastRecord,
        TimeBounds times,
        String digest,
        boolean isSealed) {

    public static final TrailEnd GENESIS = new TrailEnd(0, 1, 0, 0, 0, TimeBounds.NONE, HashChain.GENESIS, true);

    public long records() {
        return lastRecord - firstRecord + 1;
    }

    public TrailEnd after(GroupFooter group, long offset) {
        return new TrailEnd(
                segment, firstRecord, openedUs, offset, group.lastRecord(), group.times(), group.digest(), false);
    }

    public TrailEnd after(SegmentFooter footer, long offset) {
        return new TrailEnd(segment, firstRecord, openedUs, offset, lastRecord, times, footer.digest(), true);
    }

    /** The end of the trail when the next segment is begun and still empty. */
    public TrailEnd nextSegment(long nowUs) {
        return new TrailEnd(segment + 1, lastRecord + 1, nowUs, 0, lastRecord, TimeBounds.NONE, digest, false);
    }

    public SegmentHeader header() {
        return new SegmentHeader(segment, firstRecord, openedUs, digest);
    }

    public SignedHead head(long nowUs) {
        return new SignedHead(segment, offset, lastRecord, digest, nowUs);
    }
}
