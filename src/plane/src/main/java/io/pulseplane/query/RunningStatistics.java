package io.pulseplane.query;

import io.pulseplane.store.WindowAggregates;
import java.util.Arrays;

/**
 * What is computed of a set of readings: count, mean, extremes, sum, deviation, first and last, and quantiles if asked for.
 *
 * <p>Runs of values are added one after the other. Within a run, sums are taken of the distance from its first value, so
 * that a small deviation around a large mean keeps its digits; runs are joined by the formula of Chan, Golub and LeVeque
 * (1979).
 */
public final class RunningStatistics {

    private final double[] quantiles;
    private final ValueCounts valueCounts;

    private long count;
    private double mean;
    /** Sum of squared distances from the mean. */
    private double sumOfSquaredDeviations;

    private double sum;
    private double min = Double.POSITIVE_INFINITY;
    private double max = Double.NEGATIVE_INFINITY;
    private double first = Double.NaN;
    private long firstTime = Long.MAX_VALUE;
    private double last = Double.NaN;
    private long lastTime = Long.MIN_VALUE;

    /** @param quantiles which to compute, each from 0 to 1 */
    RunningStatistics(double[] quantiles) {
        this.quantiles = quantiles;
        this.valueCounts = quantiles.length == 0 ? null : new ValueCounts();
    }

    /** Adds the readings from index {@code from} to {@code to}, exclusive, at least one; their times ascend. */
    void add(long[] times, double[] values, int from, int to) {
        double shift = values[from];
        double shifted = 0;
        double squares = 0;
        for (int i = from; i < to; i++) {
            double value = values[i];
            double distance = value - shift;
            shifted += distance;
            squares += distance * distance;
            min = Math.min(min, value);
            max = Math.max(max, value);
        }
        long size = to - from;
        merge(size, shift + shifted / size, squares - shifted * shifted / size);
        sum += shift * size + shifted;
        if (times[from] < firstTime) {
            firstTime = times[from];
            first = values[from];
        }
        if (times[to - 1] > lastTime) {
            lastTime = times[to - 1];
            last = values[to - 1];
        }
        if (valueCounts != null) {
            for (int i = from; i < to; i++) {
                valueCounts.add(values[i]);
            }
        }
    }

    /** Adds a row of what was added up elsewhere. Of that there are no quantiles. */
    void add(WindowAggregates rows, int row) {
        merge(rows.counts()[row], rows.means()[row], rows.sumsOfSquaredDeviations()[row]);
        sum += rows.sums()[row];
        min = Math.min(min, rows.mins()[row]);
        max = Math.max(max, rows.maxs()[row]);
        if (rows.firstTimes()[row] < firstTime) {
            firstTime = rows.firstTimes()[row];
            first = rows.firstValues()[row];
        }
        if (rows.lastTimes()[row] > lastTime) {
            lastTime = rows.lastTimes()[row];
            last = rows.lastValues()[row];
        }
    }

    private void merge(long size, double runMean, double runSpread) {
        long joined = count + size;
        double distance = runMean - mean;
        sumOfSquaredDeviations += runSpread + distance * distance * ((double) count * size / joined);
        mean += distance * size / joined;
        count = joined;
    }

    public long count() {
        return count;
    }

    /** NaN of nothing, like everything but the count. */
    public double mean() {
        return count == 0 ? Double.NaN : mean;
    }

    public double min() {
        return count == 0 ? Double.NaN : min;
    }

    public double max() {
        return count == 0 ? Double.NaN : max;
    }

    public double sum() {
        return count == 0 ? Double.NaN : sum;
    }

    /** Of the sample: n - 1 in the denominator. NaN of fewer than two. */
    public double standardDeviation() {
        return count < 2 ? Double.NaN : Math.sqrt(Math.max(0, sumOfSquaredDeviations) / (count - 1));
    }

    public double first() {
        return first;
    }

    public long firstTime() {
        return firstTime;
    }

    public double last() {
        return last;
    }

    public long lastTime() {
        return lastTime;
    }

    /** In the order asked for. */
    public double[] quantiles() {
        if (count == 0) {
            var none = new double[quantiles.length];
            Arrays.fill(none, Double.NaN);
            return none;
        }
        return valueCounts == null ? new double[0] : valueCounts.quantiles(quantiles);
    }
}
