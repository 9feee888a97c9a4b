package io.pulseplane.vitals;

/**
 * A half-open range of time.
 *
 * @param from inclusive, microseconds since the epoch
 * @param to exclusive, microseconds since the epoch, not before {@code from}
 */
public record TimeRange(long from, long to) {

    /** All times that a reading can have. */
    public static final TimeRange ALL = new TimeRange(0, Long.MAX_VALUE);

    public TimeRange {
        if (from > to) {
            throw new IllegalArgumentException("from " + from + " is after to " + to);
        }
    }

    public boolean isEmpty() {
        return from == to;
    }

    public boolean contains(long time) {
        return time >= from && time < to;
    }
}
