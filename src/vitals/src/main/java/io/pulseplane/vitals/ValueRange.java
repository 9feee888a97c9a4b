package io.pulseplane.vitals;

/** A range of values; both ends belong to it. */
public record ValueRange(double low, double high) {

    /** Has every value. */
    public static final ValueRange ALL = new ValueRange(Double.NEGATIVE_INFINITY, Double.POSITIVE_INFINITY);

    /** Has every value but infinities and NaN. */
    static final ValueRange FINITE = new ValueRange(-Double.MAX_VALUE, Double.MAX_VALUE);

    public ValueRange {
        if (!(low < high)) {
            throw new IllegalArgumentException("low " + low + " is not below high " + high);
        }
    }

    /** Returns whether the value is in the range. NaN is in no range, not even in {@link #ALL}. */
    public boolean contains(double value) {
        return value >= low && value <= high;
    }

    /** Returns whether every value of the other range is in this one. */
    public boolean contains(ValueRange other) {
        return contains(other.low) && contains(other.high);
    }
}
