package io.pulseplane.vitals;

import java.util.Arrays;

/**
 * Readings of one series as columns: {@code values[i]} was measured at {@code times[i]}.
 *
 * <p>Times are strictly ascending or strictly descending; the code that creates the columns documents which. The arrays
 * belong to the columns: nobody may write to them afterwards.
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

    /**
     * Returns the readings from index {@code from}, inclusive, to {@code to}, exclusive; these columns themselves if
     * the range has all readings.
     */
    public Columns slice(int from, int to) {
        return from == 0 && to == times.length
                ? this
                : new Columns(series, Arrays.copyOfRange(times, from, to), Arrays.copyOfRange(values, from, to));
    }

    /** Returns the readings whose values are in the range; these columns themselves if all are. */
    public Columns within(ValueRange range) {
        int inside = 0;
        for (double value : values) {
            if (range.contains(value)) {
                inside++;
            }
        }
        if (inside == values.length) {
            return this;
        }
        var keptTimes = new long[inside];
        var keptValues = new double[inside];
        int kept = 0;
        for (int i = 0; i < values.length; i++) {
            if (range.contains(values[i])) {
                keptTimes[kept] = times[i];
                keptValues[kept++] = values[i];
            }
        }
        return new Columns(series, keptTimes, keptValues);
    }

    /** Columns are equal if they have the same series, the same times, and values with the same bits. */
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

    /** Has the number of readings and their times, and never their values: the text may end up in a log. */
    @Override
    public String toString() {
        return isEmpty() ? "Columns[0]" : "Columns[" + size() + ", " + firstTime() + ".." + lastTime() + "]";
    }
}
