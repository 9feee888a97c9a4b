package io.pulseplane.vitals;

import java.util.Arrays;

/**
 * Readings of one series as columns: {@code values[i]} was measured at {@code times[i]}.
 *
 * <p>Times are strictly ascending or strictly descending, whatever the one who made the columns promises. The arrays
 * belong to the columns: nobody writes to them any more.
 */
public record Columns(Series series, long[] times, double[] values) {

    public Columns {
        if (times.length != values.length) {
            throw new IllegalArgumentException(times.length + " times, " + values.length + " values");
        }
    }

    public int size() {
        return times.length;
    }

    public boolean isEmpty() {
        return times.length == 0;
    }

    public long firstTime() {
        return times[0];
    }

    public long lastTime() {
        return times[times.length - 1];
    }

    /** The readings from index {@code from}, inclusive, to {@code to}, exclusive; these columns themselves if that is all. */
    public Columns slice(int from, int to) {
        return from == 0 && to == times.length
                ? this
                : new Columns(series, Arrays.copyOfRange(times, from, to), Arrays.copyOfRange(values, from, to));
    }

    /** Same series, times and bits of the values. */
    @Override
    public boolean equals(Object other) {
        return other instanceof Columns that
                && series.equals(that.series)
                && Arrays.equals(times, that.times)
                && Arrays.equals(values, that.values);
    }

    @Override
    public int hashCode() {
        return 31 * (31 * series.hashCode() + Arrays.hashCode(times)) + Arrays.hashCode(values);
    }

    /** Says how many readings there are and when; never what they are. */
    @Override
    public String toString() {
        return isEmpty() ? "Columns[0]" : "Columns[" + size() + ", " + firstTime() + ".." + lastTime() + "]";
    }
}
