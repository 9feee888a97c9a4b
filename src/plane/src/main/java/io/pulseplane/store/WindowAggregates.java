package io.pulseplane.store;

import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.Moments;
import io.pulseplane.vitals.ValueRange;
import java.util.Arrays;

/**
 * Aggregates of the readings of one series by window, as columns: one row for each window that has readings, ascending
 * in time.
 *
 * @param windowIndexes the index of the window in its {@link WindowGrid}
 * @param counts number of readings in the window
 * @param sums sum of the values
 * @param means mean of the values
 * @param sumsOfSquaredDeviations sum of the squared distances from the mean
 * @param mins smallest value
 * @param maxs largest value
 * @param firstTimes time of the first reading, in microseconds since the epoch
 * @param firstValues value of the first reading
 * @param lastTimes time of the last reading, in microseconds since the epoch
 * @param lastValues value of the last reading
 */
public record WindowAggregates(
        long[] windowIndexes,
        long[] counts,
        double[] sums,
        double[] means,
        double[] sumsOfSquaredDeviations,
        double[] mins,
        double[] maxs,
        long[] firstTimes,
        double[] firstValues,
        long[] lastTimes,
        double[] lastValues) {

    /** The aggregates of no readings. */
    public static final WindowAggregates EMPTY = new Builder(FixedWindows.ALL_TIME, ValueRange.ALL).build(0);

    /** The size of a row in memory, in bytes. */
    public static final int BYTES_PER_ROW = 11 * Long.BYTES;

    public int size() {
        return windowIndexes.length;
    }

    /** Returns the windows from {@code index}, inclusive, to {@code end}, exclusive. */
    public WindowAggregates between(long index, long end) {
        int from = rowOf(index);
        int to = Math.max(from, rowOf(end));
        return from == 0 && to == size() ? this : slice(from, to);
    }

    private int rowOf(long index) {
        int row = Arrays.binarySearch(windowIndexes, index);
        return row < 0 ? -row - 1 : row;
    }

    /** Returns the first {@code limit} windows, or all if there are fewer. */
    public WindowAggregates limit(int limit) {
        return limit >= size() ? this : slice(0, limit);
    }

    private WindowAggregates slice(int from, int to) {
        return new WindowAggregates(
                Arrays.copyOfRange(windowIndexes, from, to),
                Arrays.copyOfRange(counts, from, to),
                Arrays.copyOfRange(sums, from, to),
                Arrays.copyOfRange(means, from, to),
                Arrays.copyOfRange(sumsOfSquaredDeviations, from, to),
                Arrays.copyOfRange(mins, from, to),
                Arrays.copyOfRange(maxs, from, to),
                Arrays.copyOfRange(firstTimes, from, to),
                Arrays.copyOfRange(firstValues, from, to),
                Arrays.copyOfRange(lastTimes, from, to),
                Arrays.copyOfRange(lastValues, from, to));
    }

    /** Returns these windows followed by later windows of the same grid. */
    public WindowAggregates concat(WindowAggregates later) {
        if (size() == 0 || later.size() == 0) {
            return size() == 0 ? later : this;
        }
        return new WindowAggregates(
                join(windowIndexes, later.windowIndexes),
                join(counts, later.counts),
                join(sums, later.sums),
                join(means, later.means),
                join(sumsOfSquaredDeviations, later.sumsOfSquaredDeviations),
                join(mins, later.mins),
                join(maxs, later.maxs),
                join(firstTimes, later.firstTimes),
                join(firstValues, later.firstValues),
                join(lastTimes, later.lastTimes),
                join(lastValues, later.lastValues));
    }

    private static long[] join(long[] before, long[] after) {
        var joined = Arrays.copyOf(before, before.length + after.length);
        System.arraycopy(after, 0, joined, before.length, after.length);
        return joined;
    }

    private static double[] join(double[] before, double[] after) {
        var joined = Arrays.copyOf(before, before.length + after.length);
        System.arraycopy(after, 0, joined, before.length, after.length);
        return joined;
    }

    /**
     * Aggregates readings that are added in order of time. Within a run of readings, the sums are of the distances from
     * its first value, so that a small deviation around a large mean keeps its digits; {@link Moments} joins the runs.
     */
    public static final class Builder {

        private final WindowGrid grid;
        private final ValueRange counted;
        private int capacity = 64;
        private int size;

        /** The number of readings of the last run that ended with its window; 1 or more. */
        private int lastRunLength = 1;

        /** The moments of the last window. */
        private final Moments moments = new Moments();

        private long[] windowIndexes = new long[capacity];
        private long[] counts = new long[capacity];
        private double[] sums = new double[capacity];
        private double[] means = new double[capacity];
        private double[] sumsOfSquaredDeviations = new double[capacity];
        private double[] mins = new double[capacity];
        private double[] maxs = new double[capacity];
        private long[] firstTimes = new long[capacity];
        private double[] firstValues = new double[capacity];
        private long[] lastTimes = new long[capacity];
        private double[] lastValues = new double[capacity];

        /** @param counted the values that count; readings of other values are left out */
        public Builder(WindowGrid grid, ValueRange counted) {
            this.grid = grid;
            this.counted = counted;
        }

        /** Returns the number of windows so far. The last window may still get readings. */
        public int size() {
            return size;
        }

        /** Returns the time of the last reading of a window. */
        public long lastTime(int row) {
            return lastTimes[row];
        }

        public void add(Columns columns) {
            add(columns.times(), columns.values(), 0, columns.size());
        }

        /**
         * Adds the readings from index {@code from} to {@code to}, exclusive. Their times ascend, and are later than
         * all times before.
         */
        public void add(long[] times, double[] values, int from, int to) {
            if (counted.equals(ValueRange.ALL)) {
                addAll(times, values, from, to);
                return;
            }
            for (int start = from; start < to; ) {
                int end = start;
                while (end < to && counted.contains(values[end])) {
                    end++;
                }
                addAll(times, values, start, end);
                start = end + 1;
            }
        }

        private void addAll(long[] times, double[] values, int from, int to) {
            for (int start = from; start < to; ) {
                long index = grid.indexOf(times[start]);
                int end = endOfWindow(index, times, start, to);
                addRun(index, times, values, start, end);
                start = end;
            }
        }

        private int endOfWindow(long index, long[] times, int from, int to) {
            long last = grid.lastOf(index);
            if (times[to - 1] <= last) {
                return to;
            }
            // Most windows have as many readings as the one before.
            int guess = from + lastRunLength;
            if (guess < to && times[guess - 1] <= last && times[guess] > last) {
                return guess;
            }
            int end = from + 1;
            while (times[end] <= last) {
                end++;
            }
            lastRunLength = end - from;
            return end;
        }

        private void addRun(long index, long[] times, double[] values, int from, int to) {
            double shift = values[from];
            double shifted = 0;
            double squares = 0;
            double min = shift;
            double max = shift;
            for (int i = from; i < to; i++) {
                double value = values[i];
                double distance = value - shift;
                shifted += distance;
                squares += distance * distance;
                min = value < min ? value : min;
                max = value > max ? value : max;
            }
            if (min == 0 || max == 0 || Double.isNaN(shifted)) {
                // The comparisons above ignore NaN and the sign of zero; Math.min does not, but takes twice the time.
                min = Arrays.stream(values, from, to).reduce(shift, Math::min);
                max = Arrays.stream(values, from, to).reduce(shift, Math::max);
            }
            int count = to - from;
            add(
                    index,
                    count,
                    shift * count + shifted,
                    shift + shifted / count,
                    Math.max(0, squares - shifted * shifted / count),
                    min,
                    max,
                    times[from],
                    shift,
                    times[to - 1],
                    values[to - 1]);
        }

        /** Returns whether all readings count whose values are from the least to the greatest given. */
        public boolean countsAll(double min, double max) {
            return counted.equals(ValueRange.ALL) || (counted.contains(min) && counted.contains(max));
        }

        /**
         * Adds the aggregates of a run of readings within one window, all of which count; the parameters are those of
         * {@link WindowAggregates}.
         */
        public void add(
                long index,
                long count,
                double sum,
                double mean,
                double sumOfSquaredDeviations,
                double min,
                double max,
                long firstTime,
                double firstValue,
                long lastTime,
                double lastValue) {
            if (size == 0 || windowIndexes[size - 1] != index) {
                beginWindow(index, firstTime, firstValue, min, max);
            }
            int row = size - 1;
            moments.add(count, mean, sumOfSquaredDeviations);
            counts[row] = moments.count();
            means[row] = moments.mean();
            sumsOfSquaredDeviations[row] = moments.sumOfSquaredDeviations();
            sums[row] += sum;
            mins[row] = Math.min(mins[row], min);
            maxs[row] = Math.max(maxs[row], max);
            lastTimes[row] = lastTime;
            lastValues[row] = lastValue;
        }

        private void beginWindow(long index, long firstTime, double firstValue, double min, double max) {
            if (size == capacity) {
                grow();
            }
            windowIndexes[size] = index;
            firstTimes[size] = firstTime;
            firstValues[size] = firstValue;
            mins[size] = min;
            maxs[size] = max;
            size++;
            moments.clear();
        }

        private void grow() {
            capacity *= 2;
            windowIndexes = Arrays.copyOf(windowIndexes, capacity);
            counts = Arrays.copyOf(counts, capacity);
            sums = Arrays.copyOf(sums, capacity);
            means = Arrays.copyOf(means, capacity);
            sumsOfSquaredDeviations = Arrays.copyOf(sumsOfSquaredDeviations, capacity);
            mins = Arrays.copyOf(mins, capacity);
            maxs = Arrays.copyOf(maxs, capacity);
            firstTimes = Arrays.copyOf(firstTimes, capacity);
            firstValues = Arrays.copyOf(firstValues, capacity);
            lastTimes = Arrays.copyOf(lastTimes, capacity);
            lastValues = Arrays.copyOf(lastValues, capacity);
        }

        /** Returns the first {@code limit} windows, or all if there are fewer. */
        public WindowAggregates build(int limit) {
            int rows = Math.min(limit, size);
            return new WindowAggregates(
                    Arrays.copyOf(windowIndexes, rows),
                    Arrays.copyOf(counts, rows),
                    Arrays.copyOf(sums, rows),
                    Arrays.copyOf(means, rows),
                    Arrays.copyOf(sumsOfSquaredDeviations, rows),
                    Arrays.copyOf(mins, rows),
                    Arrays.copyOf(maxs, rows),
                    Arrays.copyOf(firstTimes, rows),
                    Arrays.copyOf(firstValues, rows),
                    Arrays.copyOf(lastTimes, rows),
                    Arrays.copyOf(lastValues, rows));
        }
    }
}
