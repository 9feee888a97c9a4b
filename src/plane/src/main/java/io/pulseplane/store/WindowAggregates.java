package io.pulseplane.store;

import io.pulseplane.vitals.Columns;
import java.util.Arrays;

/**
 * What the readings of one series come to, window by window: columns, a row for each window that has readings, ascending.
 *
 * @param windowIndexes which window: its start divided by the width
 * @param counts readings in the window
 * @param sums of the values
 * @param means of the values
 * @param sumsOfSquaredDeviations sums of the squared distances from the mean
 * @param mins smallest values
 * @param maxs largest values
 * @param firstTimes microseconds since the epoch
 * @param firstValues values of the readings measured first
 * @param lastTimes microseconds since the epoch
 * @param lastValues values of the readings measured last
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

    /** Of no readings. */
    public static final WindowAggregates EMPTY = new Builder(1).build(0);

    /** What a row takes in memory, in bytes. */
    public static final int BYTES_PER_ROW = 11 * Long.BYTES;

    public int size() {
        return windowIndexes.length;
    }

    /** The windows from one to another, exclusive. */
    public WindowAggregates between(long index, long end) {
        int from = rowOf(index);
        int to = Math.max(from, rowOf(end));
        return from == 0 && to == size() ? this : slice(from, to);
    }

    private int rowOf(long index) {
        int place = Arrays.binarySearch(windowIndexes, index);
        return place < 0 ? -place - 1 : place;
    }

    /** The first windows, at most that many. */
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

    /** These windows, then others of the same width, all of them later. */
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
     * Adds up readings that come in order of time. Within a run of readings, sums are taken of the distance from its first
     * value, so that a small deviation around a large mean keeps its digits; runs are joined by the formula of Chan, Golub and
     * LeVeque (1979).
     */
    public static final class Builder {

        private final long width;
        private int capacity = 64;
        private int size;

        /** How many readings the last window had in one run; 1 or more. */
        private int lastRunLength = 1;

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

        /** @param width of a window, in microseconds, 1 or more */
        public Builder(long width) {
            this.width = width;
        }

        /** Windows so far. Of all but the last it is certain that they are complete. */
        public int size() {
            return size;
        }

        /** When the last reading of a window was measured. */
        public long lastTime(int row) {
            return lastTimes[row];
        }

        public void add(Columns columns) {
            add(columns.times(), columns.values(), 0, columns.size());
        }

        /** Adds the readings from index {@code from} to {@code to}, exclusive; later than all before them, and ascending. */
        public void add(long[] times, double[] values, int from, int to) {
            for (int start = from; start < to; ) {
                long index = Math.floorDiv(times[start], width);
                int end = endOfWindow(index, times, start, to);
                addRun(index, times, values, start, end);
                start = end;
            }
        }

        private int endOfWindow(long index, long[] times, int from, int to) {
            // The last window there is may end after the last time there is.
            long last = index * width + (width - 1);
            if (last < times[from] || times[to - 1] <= last) {
                return to;
            }
            // Mostly as many as in the window before.
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
                // No comparison tells -0.0 from 0.0, nor finds NaN; Math.min does, at half the speed.
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

        /** Adds what a run of readings within one window comes to, see {@link WindowAggregates}. */
        public void add(
                long index,
                long count,
                double sum,
                double mean,
                double spread,
                double min,
                double max,
                long firstTime,
                double first,
                long lastTime,
                double last) {
            if (size == 0 || windowIndexes[size - 1] != index) {
                beginWindow(index, firstTime, first, min, max);
            }
            int at = size - 1;
            long joined = counts[at] + count;
            double distance = mean - means[at];
            sumsOfSquaredDeviations[at] += spread + distance * distance * ((double) counts[at] * count / joined);
            means[at] += distance * count / joined;
            counts[at] = joined;
            sums[at] += sum;
            mins[at] = Math.min(mins[at], min);
            maxs[at] = Math.max(maxs[at], max);
            lastTimes[at] = lastTime;
            lastValues[at] = last;
        }

        private void beginWindow(long index, long firstTime, double first, double min, double max) {
            if (size == capacity) {
                grow();
            }
            windowIndexes[size] = index;
            firstTimes[size] = firstTime;
            firstValues[size] = first;
            mins[size] = min;
            maxs[size] = max;
            size++;
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

        /** The first windows, at most that many. */
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
