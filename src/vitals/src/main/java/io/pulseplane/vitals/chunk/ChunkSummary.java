package io.pulseplane.vitals.chunk;

import java.util.Optional;

/**
 * What is known of the values of a chunk without decoding it. Nothing in it is NaN or infinite.
 *
 * <p>The same values in the same order have the same summary, bit for bit, on every machine. Where all of them are decimals
 * of one scale, which is the rule with monitors, their sums are taken of integers: {@code sum} is the double nearest to the
 * sum of the decimals, and {@code sumOfSquares} and {@code sumOfSquaredDeviations} are less than three roundings off. Elsewhere distances
 * from the first value and their squares are added up as doubles, in the order of time.
 *
 * @param count how many values there are
 * @param first the value that was measured first
 * @param last the value that was measured last
 * @param min the smallest value; -0.0 is smaller than 0.0, as {@link Math#min(double, double)} has it
 * @param max the largest value; 0.0 is larger than -0.0
 * @param sum of all values
 * @param sumOfSquares of all values
 * @param sumOfSquaredDeviations sum of the squared distances from the mean, which loses no digits where values are large and close
 */
public record ChunkSummary(
        int count,
        double first,
        double last,
        double min,
        double max,
        double sum,
        double sumOfSquares,
        double sumOfSquaredDeviations) {

    /**
     * Values larger than this on either side, infinities and NaN are not summed up. Squares of distances between others, a
     * chunk of them, have a finite sum.
     */
    public static final double MAX_MAGNITUDE = 0x1p480;

    /**
     * The summary of values from index {@code from} to {@code to}, exclusive: at least one, and no more than a chunk holds.
     *
     * @return empty if one of the values is no number, infinite, or beyond {@link #MAX_MAGNITUDE}
     */
    public static Optional<ChunkSummary> of(double[] values, int from, int to) {
        int count = to - from;
        if (count < 1 || count > ChunkEncoder.MAX_READINGS) {
            throw new IllegalArgumentException(count + " values");
        }
        var sums = new SummaryAccumulator();
        sums.addAll(values, from, to);
        return sums.summary(count);
    }

    public double mean() {
        return sum / count;
    }
}
