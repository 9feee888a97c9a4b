package io.pulseplane.store;

import io.pulseplane.vitals.Columns;
import java.util.Arrays;

/**
 * What the readings of one series come to, window by window: columns, a row for each window that has readings, ascending.
 *
 * @param indexes which window: its start divided by the width
 * @param counts readings in the window
 * @param sums of the values
 * @param means of the values
 * @param spreads sums of the squared distances from the mean
 * @param mins smallest values
 * @param maxs largest values
 * @param firstTimes microseconds since the epoch
 * @param firsts values of the readings measured first
 * @param lastTimes microseconds since the epoch
 * @param lasts values of the readings measured last
 */
public record Aggregates(
        long[] indexes,
        long[] counts,
        double[] sums,
        double[] means,
        double[] spreads,
        double[] mins,
        double[] maxs,
        long[] firstTimes,
        double[] firsts,
        long[] lastTimes,
        double[] lasts) {

    /** Of no readings. */
    public static final Aggregates NONE = new Builder(1).build(0);

    /** What a row takes in memory, in bytes. */
    public static final int BYTES_OF_ROW = 11 * Long.BYTES;

    public int size() {
        return indexes.length;
    }

    /** The windows from one to another, exclusive. */
    public Aggregates between(long index, long end) {
        int from = place(index);
        int to = Math.max(from, place(end));
        return from == 0 && to == size() ? this : slice(from, to);
    }

    private int place(long index) {
        int place = Arrays.binarySearch(indexes, index);
        return place < 0 ? -place - 1 : place;
    }

    /** The first windows, at most that many. */
    public Aggregates first(int limit) {
        return limit >= size() ? this : slice(0, limit);
    }

    private Aggregates slice(int from, int to) {
        return new Aggregates(
                Arrays.copyOfRange(indexes, from, to),
                Arrays.copyOfRange(counts, from, to),
                Arrays.copyOfRange(sums, from, to),
                Arrays.copyOfRange(means, from, to),
                Arrays.copyOfRange(spreads, from, to),
                Arrays.copyOfRange(mins, from, to),
                Arrays.copyOfRange(maxs, from, to),
                Arrays.copyOfRange(firstTimes, from, to),
                Arrays.copyOfRange(firsts, from, to),
                Arrays.copyOfRange(lastTimes, from, to),
                Arrays.copyOfRange(lasts, from, to));
    }

    /** These windows, then others of the same width, all of them later. */
    public Aggregates then(Aggregates later) {
        if (size() == 0 || later.size() == 0) {
            return size() == 0 ? later : this;
        }
        return new Aggregates(
                join(indexes, later.indexes),
                join(counts, later.counts),
                join(sums, later.sums),
                join(means, later.means),
                join(spreads, later.spreads),
                join(mins, later.mins),
                join(maxs, later.maxs),
                join(firstTimes, later.firstTimes),
                join(firsts, later.firsts),
                join(lastTimes, later.lastTimes),
                join(lasts, later.lasts));
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
        private int lastRun = 1;

        private long[] indexes = new long[capacity];
        private long[] counts = new long[capacity];
        private double[] sums = new double[capacity];
        private double[] means = new double[capacity];
        private double[] spreads = new double[capacity];
        private double[] mins = new double[capacity];
        private double[] maxs = new double[capacity];
        private long[] firstTimes = new long[capacity];
        private double[] firsts = new double[capacity];
        private long[] lastTimes = new long[capacity];
        private double[] lasts = new double[capacity];

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
                int end = endOf(index, times, start, to);
                addRun(index, times, values, start, end);
                start = end;
            }
        }

        private int endOf(long index, long[] times, int from, int to) {
            // The last window there is may end after the last time there is.
            long last = index * width + (width - 1);
            if (last < times[from] || times[to - 1] <= last) {
                return to;
            }
            // Mostly as many as in the window before.
            int guess = from + lastRun;
            if (guess < to && times[guess - 1] <= last && times[guess] > last) {
                return guess;
            }
            int end = from + 1;
            while (times[end] <= last) {
                end++;
            }
            lastRun = end - from;
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

        /** Adds what a run of readings within one window comes to, see {@link Aggregates}. */
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
            if (size == 0 || indexes[size - 1] != index) {
                begin(index, firstTime, first, min, max);
            }
            int at = size - 1;
            long joined = counts[at] + count;
            double distance = mean - means[at];
            spreads[at] += spread + distance * distance * ((double) counts[at] * count / joined);
            means[at] += distance * count / joined;
            counts[at] = joined;
            sums[at] += sum;
            mins[at] = Math.min(mins[at], min);
            maxs[at] = Math.max(maxs[at], max);
            lastTimes[at] = lastTime;
            lasts[at] = last;
        }

        private void begin(long index, long firstTime, double first, double min, double max) {
            if (size == capacity) {
                grow();
            }
            indexes[size] = index;
            firstTimes[size] = firstTime;
            firsts[size] = first;
            mins[size] = min;
            maxs[size] = max;
            size++;
        }

        private void grow() {
            capacity *= 2;
            indexes = Arrays.copyOf(indexes, capacity);
            counts = Arrays.copyOf(counts, capacity);
            sums = Arrays.copyOf(sums, capacity);
            means = Arrays.copyOf(means, capacity);
            spreads = Arrays.copyOf(spreads, capacity);
            mins = Arrays.copyOf(mins, capacity);
            maxs = Arrays.copyOf(maxs, capacity);
            firstTimes = Arrays.copyOf(firstTimes, capacity);
            firsts = Arrays.copyOf(firsts, capacity);
            lastTimes = Arrays.copyOf(lastTimes, capacity);
            lasts = Arrays.copyOf(lasts, capacity);
        }

        /** The first windows, at most that many. */
        public Aggregates build(int limit) {
            int rows = Math.min(limit, size);
            return new Aggregates(
                    Arrays.copyOf(indexes, rows),
                    Arrays.copyOf(counts, rows),
                    Arrays.copyOf(sums, rows),
                    Arrays.copyOf(means, rows),
                    Arrays.copyOf(spreads, rows),
                    Arrays.copyOf(mins, rows),
                    Arrays.copyOf(maxs, rows),
                    Arrays.copyOf(firstTimes, rows),
                    Arrays.copyOf(firsts, rows),
                    Arrays.copyOf(lastTimes, rows),
                    Arrays.copyOf(lasts, rows));
        }
    }
}
