package io.pulseplane.gate.audit;

/**
 * How far the log reaches.
 *
 * @param segment the newest; 0 before there is one
 * @param first number of its first record
 * @param openedUs when it was begun
 * @param offset after its last complete group, or after its seal
 * @param last number of the last record
 * @param span times of the segment's records
 * @param sealed whether the next group needs a new segment
 */
record LogEnd(
        long segment, long first, long openedUs, long offset, long last, Span span, String digest, boolean sealed) {

    static final LogEnd GENESIS = new LogEnd(0, 1, 0, 0, 0, Span.NONE, Chain.GENESIS, true);

    long records() {
        return last - first + 1;
    }

    LogEnd after(GroupEnd group, long end) {
        return new LogEnd(segment, first, openedUs, end, group.last(), group.span(), group.digest(), false);
    }

    LogEnd after(Seal seal, long end) {
        return new LogEnd(segment, first, openedUs, end, last, span, seal.digest(), true);
    }

    /** The end before there is anything in the segment after this one. */
    LogEnd next(long nowUs) {
        return new LogEnd(segment + 1, last + 1, nowUs, 0, last, Span.NONE, digest, false);
    }

    SegmentHeader header() {
        return new SegmentHeader(segment, first, openedUs, digest);
    }

    Head head(long nowUs) {
        return new Head(segment, offset, last, digest, nowUs);
    }
}
