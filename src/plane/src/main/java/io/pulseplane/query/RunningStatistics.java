package io.pulseplane.query;

import io.pulseplane.store.WindowAggregates;
import io.pulseplane.vitals.Moments;
import java.util.Arrays;

/**
 * Statistics of a set of readings: count, mean, extremes, sum, deviation, first and last value, and quantiles on
 * request.
 *
 * <p>Readings are added run by run. Within a run, the sums are of the distances from its first value, so that a small
 * deviation around a large mean keeps its digits; {@link Moments} joins the runs.
 */
public final class RunningStatistics {

    /** The object itself with its moments and empty table. */
    static final long BASE_BYTES = 256;

    private final double[] quantiles;
    private final ValueCounts valueCounts;

    private final Moments moments = new Moments();

    private double sum;
    private double min = Double.POSITIVE_INFINITY;
    private double max = Double.NEGATIVE_INFINITY;
    private double first = Double.NaN;
    private long firstTime = Long.MAX_VALUE;
    private double last = Double.NaN;
    private long lastTime = Long.MIN_VALUE;

    /**
     * @param quantiles the quantiles to compute, each from 0 to 1
     * @param account holds the memory of the statistics
     */
    RunningStatistics(double[] quantiles, AnswerBudget.Account account) {
        this.quantiles = quantiles;
        this.valueCounts = quantiles.length == 0 ? null : new ValueCounts(account);
    }

    /** The bytes of memory that the statistics hold, with the values for quantiles. */
    long heldBytes() {
        return BASE_BYTES + (valueCounts == null ? 0 : valueCounts.heldBytes());
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
        int size = to - from;
        moments.add(size, shift + shifted / size, squares - shifted * shifted / size);
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

    /** Adds the readings of one row of aggregates. Aggregates cannot contribute to quantiles. */
    void add(WindowAggregates aggregates, int row) {
        moments.add(
                aggregates.counts()[row], aggregates.means()[row], aggregates.sumsOfSquaredDeviations()[row]);
        sum += aggregates.sums()[row];
        min = Math.min(min, aggregates.mins()[row]);
        max = Math.max(max, aggregates.maxs()[row]);
        if (aggregates.firstTimes()[row] < firstTime) {
            firstTime = aggregates.firstTimes()[row];
            first = aggregates.firstValues()[row];
        }
        if (aggregates.lastTimes()[row] > lastTime) {
            lastTime = aggregates.lastTimes()[row];
            last = aggregates.lastValues()[row];
        }
    }

    public long count() {
        return moments.count();
    }

    /** Returns the mean. Without readings, it is NaN, as is every value but the count. */
    public double mean() {
        return count() == 0 ? Double.NaN : moments.mean();
    }

    public double min() {
        return count() == 0 ? Double.NaN : min;
    }

    public double max() {
        return count() == 0 ? Double.NaN : max;
    }

    public double sum() {
        return count() == 0 ? Double.NaN : sum;
    }

    /** Returns the standard deviation of the sample, with n - 1 in the denominator; NaN of fewer than two readings. */
    public double standardDeviation() {
        return count() < 2 ? Double.NaN : Math.sqrt(Math.max(0, moments.sumOfSquaredDeviations()) / (count() - 1));
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

    /** Returns the quantiles in the order of the constructor. */
    public double[] quantiles() {
        if (count() == 0) {
            var notANumber = new double[quantiles.length];
            Arrays.fill(notANumber, Double.NaN);
            return notANumber;
        }
        return valueCounts == null ? new double[0] : valueCounts.quantiles(quantiles);
    }
}
