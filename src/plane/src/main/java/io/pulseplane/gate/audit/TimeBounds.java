package io.pulseplane.gate.audit;

/** The least and the greatest time of records, in microseconds since the epoch. Without records it is {@link #NONE}. */
public record TimeBounds(long earliest, long latest) {

    public static final TimeBounds NONE = new TimeBounds(Long.MAX_VALUE, Long.MIN_VALUE);
}
