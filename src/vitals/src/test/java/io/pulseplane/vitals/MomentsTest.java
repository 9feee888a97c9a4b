package io.pulseplane.vitals;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class MomentsTest {

    private final Moments moments = new Moments();

    @Test
    void moments_of_runs_are_those_of_all_values() {
        var random = new SplittableRandom(3);
        var values = random.doubles(1_000, 60, 200).toArray();
        for (int from = 0; from < values.length; ) {
            int to = Math.min(values.length, from + random.nextInt(1, 50));
            var run = Arrays.copyOfRange(values, from, to);
            moments.add(run.length, mean(run), sumOfSquaredDeviations(run));
            from = to;
        }
        assertThat(moments.count()).isEqualTo(1_000);
        assertThat(moments.mean()).isEqualTo(mean(values), within(1e-9));
        assertThat(moments.sumOfSquaredDeviations()).isEqualTo(sumOfSquaredDeviations(values), within(1e-6));
    }

    @Test
    void moments_of_one_run_are_those_of_the_run() {
        moments.add(3, 0.5, 0.7);
        assertThat(moments.count()).isEqualTo(3);
        assertThat(moments.mean()).isEqualTo(0.5);
        assertThat(moments.sumOfSquaredDeviations()).isEqualTo(0.7);
    }

    @Test
    void keeps_the_digits_of_a_small_deviation_around_a_large_mean() {
        moments.add(1, 1e9, 0);
        moments.add(1, 1e9 + 0.5, 0);
        assertThat(moments.sumOfSquaredDeviations()).isEqualTo(0.125);
    }

    @Test
    void clear_forgets_all_values() {
        moments.add(2, 60, 1);
        moments.clear();
        assertThat(moments.count()).isZero();
        assertThat(moments.mean()).isZero();
        assertThat(moments.sumOfSquaredDeviations()).isZero();
    }

    private static double mean(double[] values) {
        return Arrays.stream(values).sum() / values.length;
    }

    private static double sumOfSquaredDeviations(double[] values) {
        double mean = mean(values);
        return Arrays.stream(values)
                .map(value -> (value - mean) * (value - mean))
                .sum();
    }
}
