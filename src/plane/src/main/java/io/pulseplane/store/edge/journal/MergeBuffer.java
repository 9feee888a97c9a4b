package io.pulseplane.store.edge.journal;

import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.Order;
import io.pulseplane.vitals.Series;
import io.pulseplane.vitals.TimeRange;
import io.pulseplane.vitals.chunk.ChunkReader;
import java.util.Arrays;

/**
 * Merges readings of one series from several sources, each of which is in ascending order, into one ascending run
 * without repetitions.
 *
 * <p>While a reading moves from the memtable to a chunk, it may be found in both. It has the same value in both,
 * because the store never replaces a value.
 */
public final class MergeBuffer {

    private long[] times = new long[0];
    private double[] values = new double[0];
    private int size;

    /** Where the runs begin. Each run is in ascending order. */
    private int[] runStarts = new int[8];

    private int runCount;

    /** Adds the readings of a chunk in a range: at most {@code limit}, the first ones of the order. */
    public void add(ChunkReader reader, TimeRange range, Order order, int limit) {
        int from = reader.lowerBound(range.from());
        int to = range.to() > reader.lastTime() ? reader.count() : reader.lowerBound(range.to());
        if (to - from > limit) {
            if (order == Order.OLDEST_FIRST) {
                to = from + limit;
            } else {
                from = to - limit;
            }
        }
        if (to > from) {
            int start = startRun(to - from);
            reader.times(from, to, times, start);
            reader.values(from, to, values, start);
        }
    }

    /** Adds the readings from index {@code from} to {@code to}, exclusive, which are in ascending order. */
    public void add(long[] sourceTimes, double[] sourceValues, int from, int to) {
        if (to > from) {
            int start = startRun(to - from);
            System.arraycopy(sourceTimes, from, times, start, to - from);
            System.arraycopy(sourceValues, from, values, start, to - from);
        }
    }

    private int startRun(int length) {
        if (size + length > times.length) {
            int capacity = Math.max(size + length, 2 * times.length);
            times = Arrays.copyOf(times, capacity);
            values = Arrays.copyOf(values, capacity);
        }
        if (runCount == runStarts.length) {
            runStarts = Arrays.copyOf(runStarts, 2 * runCount);
        }
        int start = size;
        runStarts[runCount++] = start;
        size += length;
        return start;
    }

    /** Merges everything into one ascending run without repetitions. */
    public MergeBuffer merge() {
        coalesceConsecutiveRuns();
        while (runCount > 1) {
            mergePairs();
        }
        return this;
    }

    /** Joins a run to the one before it, if it begins after that one ends. */
    private void coalesceConsecutiveRuns() {
        int kept = Math.min(runCount, 1);
        for (int run = 1; run < runCount; run++) {
            int start = runStarts[run];
            if (times[start] <= times[start - 1]) {
                runStarts[kept++] = start;
            }
        }
        runCount = kept;
    }

    private void mergePairs() {
        var mergedTimes = new long[size];
        var mergedValues = new double[size];
        int merged = 0;
        int kept = 0;
        for (int run = 0; run < runCount; run += 2) {
            int start = merged;
            int left = runStarts[run];
            int middle = run + 1 < runCount ? runStarts[run + 1] : size;
            int end = run + 2 < runCount ? runStarts[run + 2] : size;
            int right = middle;
            while (left < middle || right < end) {
                boolean takeLeft = right >= end || (left < middle && times[left] <= times[right]);
                if (left < middle && right < end && times[left] == times[right]) {
                    right++;
                }
                int next = takeLeft ? left++ : right++;
                mergedTimes[merged] = times[next];
                mergedValues[merged++] = values[next];
            }
            runStarts[kept++] = start;
        }
        times = mergedTimes;
        values = mergedValues;
        size = merged;
        runCount = kept;
    }

    public int size() {
        return size;
    }

    /**
     * The buffer's own array. Only the first {@link #size} elements count, and they are in order after {@link #merge}.
     */
    public long[] times() {
        return times;
    }

    public double[] values() {
        return values;
    }

    /**
     * The first readings of the order, at most {@code limit}. The buffer must be merged, and is not used after this.
     */
    Columns toColumns(Series series, Order order, int limit) {
        int count = Math.min(size, limit);
        if (order == Order.OLDEST_FIRST && count == times.length) {
            // The caller does not use the buffer any more, so the arrays need not be copied.
            return new Columns(series, times, values);
        }
        if (order == Order.OLDEST_FIRST) {
            return new Columns(series, Arrays.copyOf(times, count), Arrays.copyOf(values, count));
        }
        var lastTimes = new long[count];
        var lastValues = new double[count];
        for (int i = 0; i < count; i++) {
            lastTimes[i] = times[size - 1 - i];
            lastValues[i] = values[size - 1 - i];
        }
        return new Columns(series, lastTimes, lastValues);
    }
}
