package io.pulseplane.vitals.chunk;

import java.util.Optional;

/**
 * Statistics of the values of a chunk, which a reader gets without decoding the blocks. No component is NaN or
 * infinite.
 *
 * <p>The same values in the same order have the same summary, bit for bit, on every machine. If all values are decimals
 * of one scale, as those of most monitors are, the sums are exact sums of integers: {@code sum} is the double nearest
 * to the sum of the decimals, and {@code sumOfSquaredDeviations} is less than three roundings off. Otherwise the
 * encoder adds the distances from the first value and their squares as doubles, in the order of time.
 *
 * @param count number of values
 * @param first the value that was measured first
 * @param last the value that was measured last
 * @param min the smallest value; -0.0 is smaller than 0.0, as in {@link Math#min(double, double)}
 * @param max the largest value; 0.0 is larger than -0.0
 * @param sum sum of all values
 * @param sumOfSquaredDeviations sum of the squared distances from the mean, accurate even if the values are large and
 *     close to each other
 */
public record ChunkSummary(
        int count, double first, double last, double min, double max, double sum, double sumOfSquaredDeviations) {

    /**
     * The largest magnitude that a summary allows. Values beyond it, infinities and NaN have no summary. The squared
     * distances between allowed values, as many as a chunk holds, have a finite sum.
     */
    public static final double MAX_MAGNITUDE = 0x1p480;

    /**
     * Returns the summary of the values from index {@code from} to {@code to}, exclusive: at least one value, and no
     * more than a chunk holds.
     *
     * @return empty if a value is NaN, infinite, or beyond {@link #MAX_MAGNITUDE}
     */
    public static Optional<ChunkSummary> of(double[] values, int from, int to) {
        int count = to - from;
        if (count < 1 || count > ChunkEncoder.MAX_READINGS) {
            throw new IllegalArgumentException(
                    "a summary has 1 to " + ChunkEncoder.MAX_READINGS + " values, not " + count);
        }
        var accumulator = new SummaryAccumulator();
        accumulator.addAll(values, from, to);
        return accumulator.summary(count);
    }

    public double mean() {
        return sum / count;
    }
}
