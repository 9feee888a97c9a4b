package io.pulseplane.query;

import static io.pulseplane.ReadingFixtures.HEART_RATE;
import static io.pulseplane.ReadingFixtures.columns;
import static io.pulseplane.ReadingFixtures.randomColumns;
import static io.pulseplane.ReadingFixtures.readingsOf;
import static io.pulseplane.ReadingFixtures.series;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.pulseplane.vitals.Columns;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class RunningStatisticsTest {

    private static final double[] QUANTILES = {0.5, 0, 1, 0.99};

    /** The runs that are added end at random places. */
    private static RunningStatistics of(SplittableRandom random, Columns columns, double... quantiles) {
        var summary = new RunningStatistics(quantiles);
        for (int from = 0; from < columns.size(); ) {
            int to = from + 1 + random.nextInt(columns.size() - from);
            summary.add(columns.times(), columns.values(), from, to);
            from = to;
        }
        return summary;
    }

    private static RunningStatistics of(double... values) {
        var summary = new RunningStatistics(new double[0]);
        summary.add(LongStream.range(0, values.length).toArray(), values, 0, values.length);
        return summary;
    }

    @Test
    void of_nothing_is_a_count_of_zero_and_otherwise_no_number() {
        ReferenceStatistics.assertEmpty(new RunningStatistics(new double[0]), 0);
        ReferenceStatistics.assertEmpty(new RunningStatistics(QUANTILES), QUANTILES.length);
    }

    @Test
    void of_one_reading_has_no_deviation() {
        var summary = of(61.5);
        assertThat(summary.count()).isEqualTo(1);
        assertThat(summary.standardDeviation()).isNaN();
        assertThat(new double[] {
                    summary.mean(), summary.min(), summary.max(), summary.sum(), summary.first(), summary.last()
                })
                .containsOnly(61.5);
    }

    @Test
    void of_equal_values_deviates_by_nothing() {
        assertThat(of(36.6, 36.6, 36.6).standardDeviation()).isZero();
        assertThat(of(0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1).standardDeviation()).isZero();
    }

    /** The textbook example that takes all digits from a sum of squares. */
    @Test
    void keeps_the_digits_of_a_small_deviation_around_a_large_mean() {
        var hard = new double[] {1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16};
        assertThat(of(hard).standardDeviation()).isEqualTo(5.477225575051661);
        assertThat(of(hard).mean()).isEqualTo(1e9 + 10);

        for (int cut = 1; cut < hard.length; cut++) {
            var joined = new RunningStatistics(new double[0]);
            var times = new long[] {1, 2, 3, 4};
            joined.add(times, hard, 0, cut);
            joined.add(times, hard, cut, hard.length);
            assertThat(joined.standardDeviation()).isCloseTo(5.477225575051661, within(1e-12));
        }
    }

    @Test
    void keeps_the_digits_of_many_runs() {
        var random = new SplittableRandom(20261126);
        var values = IntStream.range(0, 10_000).mapToDouble(_ -> 1e9 + random.nextInt(100) / 64.0);
        var columns = columns(
                series("ada", "d1", HEART_RATE), LongStream.range(0, 10_000).toArray(), values.toArray());
        var summary = new RunningStatistics(new double[0]);
        for (int i = 0; i < columns.size(); i++) {
            summary.add(columns.times(), columns.values(), i, i + 1);
        }
        double expected = ReferenceStatistics.standardDeviation(columns.values());
        assertThat(summary.standardDeviation()).isCloseTo(expected, within(expected * 1e-6));
        assertThat(of(columns.values()).standardDeviation()).isCloseTo(expected, within(expected * 1e-11));
    }

    @Test
    void is_the_same_however_the_readings_are_cut_into_runs() {
        var random = new SplittableRandom(20261127);
        for (int round = 0; round < 1_000; round++) {
            var columns = randomColumns(random, series("ada", "d1", HEART_RATE), 1 + random.nextInt(50), 1_000);
            ReferenceStatistics.assertMatches(
                    of(random, columns, QUANTILES), readingsOf(columns).toList(), QUANTILES);
        }
    }

    @Test
    void finds_first_and_last_whatever_the_order_of_runs() {
        var summary = new RunningStatistics(new double[0]);
        var times = new long[] {10, 20, 5, 12, 7, 30};
        var values = new double[] {1, 2, 3, 4, 5, 6};
        summary.add(times, values, 0, 2);
        summary.add(times, values, 2, 4);
        summary.add(times, values, 4, 6);
        assertThat(summary.first()).isEqualTo(3);
        assertThat(summary.firstTime()).isEqualTo(5);
        assertThat(summary.last()).isEqualTo(6);
        assertThat(summary.lastTime()).isEqualTo(30);
    }

    @Test
    void of_one_time_takes_first_and_last_from_the_run_that_came_first() {
        var summary = new RunningStatistics(new double[0]);
        summary.add(new long[] {10}, new double[] {1}, 0, 1);
        summary.add(new long[] {10}, new double[] {2}, 0, 1);
        assertThat(summary.first()).isEqualTo(1);
        assertThat(summary.last()).isEqualTo(1);
    }
}
