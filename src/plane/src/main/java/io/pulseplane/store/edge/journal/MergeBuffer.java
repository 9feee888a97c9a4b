package io.pulseplane.store.edge.journal;

import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.Order;
import io.pulseplane.vitals.Series;
import io.pulseplane.vitals.TimeRange;
import io.pulseplane.vitals.chunk.ChunkReader;
import java.util.Arrays;

/**
 * Readings of one series from several places, each of which has them ascending; in the end all of them ascend, each once.
 *
 * <p>A reading may be found in two places while it moves from one to the other. It has the same value in both: a value is
 * never replaced.
 */
public final class MergeBuffer {

    private long[] times = new long[0];
    private double[] values = new double[0];
    private int size;

    /** Where the runs begin, each of which ascends. */
    private int[] runStarts = new int[8];

    private int runCount;

    /** Adds what a chunk has of a range, at most {@code limit} readings of that end at which the order begins. */
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
            int at = startRun(to - from);
            reader.times(from, to, times, at);
            reader.values(from, to, values, at);
        }
    }

    public void add(long[] moreTimes, double[] moreValues, int from, int to) {
        if (to > from) {
            int at = startRun(to - from);
            System.arraycopy(moreTimes, from, times, at, to - from);
            System.arraycopy(moreValues, from, values, at, to - from);
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
        int at = size;
        runStarts[runCount++] = at;
        size += length;
        return at;
    }

    /** Brings everything into one ascending run without repetitions. */
    public MergeBuffer merge() {
        coalesceConsecutiveRuns();
        while (runCount > 1) {
            mergePairs();
        }
        return this;
    }

    /** Two runs of which the second begins after the first ends are one. */
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
                boolean takeLeft = right >= end || left < middle && times[left] <= times[right];
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

    /** Belong to the gathering; only the first {@link #size} count, and only after {@link #merge}. */
    public long[] times() {
        return times;
    }

    public double[] values() {
        return values;
    }

    /** The first readings of the order, at most that many. */
    Columns toColumns(Series series, Order order, int limit) {
        int count = Math.min(size, limit);
        if (order == Order.OLDEST_FIRST && count == times.length) {
            // Nothing is gathered any more: the arrays are handed on as they are.
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
