package io.pulseplane.gate.audit;

/** Least and greatest time of some records, microseconds since the epoch; of none, the wrong way round. */
record TimeBounds(long earliest, long latest) {

    static final TimeBounds NONE = new TimeBounds(Long.MAX_VALUE, Long.MIN_VALUE);
}
