package io.pulseplane.vitals;

/**
 * Count, mean and sum of squared deviations of values that are added run by run. It joins runs with the formula of
 * Chan, Golub and LeVeque (1979), which keeps the digits of a small deviation around a large mean.
 */
public final class Moments {

    private long count;
    private double mean;
    private double sumOfSquaredDeviations;

    /** Makes this the moments of no values. */
    public void clear() {
        count = 0;
        mean = 0;
        sumOfSquaredDeviations = 0;
    }

    /**
     * Adds a run of values.
     *
     * @param runCount number of values of the run, 1 or more
     * @param runMean mean of the run
     * @param runSumOfSquaredDeviations sum of the squared distances of the run from its mean
     */
    public void add(long runCount, double runMean, double runSumOfSquaredDeviations) {
        long joinedCount = count + runCount;
        double distance = runMean - mean;
        sumOfSquaredDeviations +=
                runSumOfSquaredDeviations + distance * distance * ((double) count * runCount / joinedCount);
        mean += distance * runCount / joinedCount;
        count = joinedCount;
    }

    public long count() {
        return count;
    }

    /** Returns the mean; 0 if there are no values. */
    public double mean() {
        return mean;
    }

    /** Returns the sum of the squared distances from the mean, which rounding can make slightly negative. */
    public double sumOfSquaredDeviations() {
        return sumOfSquaredDeviations;
    }
}
