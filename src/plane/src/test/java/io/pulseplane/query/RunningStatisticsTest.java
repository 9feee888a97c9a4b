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

    /** Adds the readings in runs of random length. */
    private static RunningStatistics of(SplittableRandom random, Columns columns, double... quantiles) {
        var statistics =
                new RunningStatistics(quantiles, AnswerBudget.unbounded().open("somebody"));
        for (int from = 0; from < columns.size(); ) {
            int to = from + 1 + random.nextInt(columns.size() - from);
            statistics.add(columns.times(), columns.values(), from, to);
            from = to;
        }
        return statistics;
    }

    private static RunningStatistics of(double... values) {
        var statistics =
                new RunningStatistics(new double[0], AnswerBudget.unbounded().open("somebody"));
        statistics.add(LongStream.range(0, values.length).toArray(), values, 0, values.length);
        return statistics;
    }

    @Test
    void without_readings_have_a_count_of_zero_and_are_otherwise_nan() {
        ReferenceStatistics.assertEmpty(
                new RunningStatistics(new double[0], AnswerBudget.unbounded().open("somebody")), 0);
        ReferenceStatistics.assertEmpty(
                new RunningStatistics(QUANTILES, AnswerBudget.unbounded().open("somebody")), QUANTILES.length);
    }

    @Test
    void of_one_reading_have_no_deviation() {
        var statistics = of(61.5);
        assertThat(statistics.count()).isEqualTo(1);
        assertThat(statistics.standardDeviation()).isNaN();
        assertThat(new double[] {
                    statistics.mean(),
                    statistics.min(),
                    statistics.max(),
                    statistics.sum(),
                    statistics.first(),
                    statistics.last()
                })
                .containsOnly(61.5);
    }

    @Test
    void of_equal_values_have_a_deviation_of_zero() {
        assertThat(of(36.6, 36.6, 36.6).standardDeviation()).isZero();
        assertThat(of(0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1).standardDeviation()).isZero();
    }

    /** In this textbook example, a plain sum of squares loses all digits. */
    @Test
    void keep_the_digits_of_a_small_deviation_around_a_large_mean() {
        var hard = new double[] {1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16};
        assertThat(of(hard).standardDeviation()).isEqualTo(5.477225575051661);
        assertThat(of(hard).mean()).isEqualTo(1e9 + 10);

        for (int cut = 1; cut < hard.length; cut++) {
            var joined = new RunningStatistics(
                    new double[0], AnswerBudget.unbounded().open("somebody"));
            var times = new long[] {1, 2, 3, 4};
            joined.add(times, hard, 0, cut);
            joined.add(times, hard, cut, hard.length);
            assertThat(joined.standardDeviation()).isCloseTo(5.477225575051661, within(1e-12));
        }
    }

    @Test
    void keep_the_digits_of_many_runs() {
        var random = new SplittableRandom(20261126);
        var values = IntStream.range(0, 10_000).mapToDouble(_ -> 1e9 + random.nextInt(100) / 64.0);
        var columns = columns(
                series("ada", "d1", HEART_RATE), LongStream.range(0, 10_000).toArray(), values.toArray());
        var statistics =
                new RunningStatistics(new double[0], AnswerBudget.unbounded().open("somebody"));
        for (int i = 0; i < columns.size(); i++) {
            statistics.add(columns.times(), columns.values(), i, i + 1);
        }
        double expected = ReferenceStatistics.standardDeviation(columns.values());
        assertThat(statistics.standardDeviation()).isCloseTo(expected, within(expected * 1e-6));
        assertThat(of(columns.values()).standardDeviation()).isCloseTo(expected, within(expected * 1e-11));
    }

    @Test
    void are_the_same_for_any_division_into_runs() {
        var random = new SplittableRandom(20261127);
        for (int round = 0; round < 1_000; round++) {
            var columns = randomColumns(random, series("ada", "d1", HEART_RATE), 1 + random.nextInt(50), 1_000);
            ReferenceStatistics.assertMatches(
                    of(random, columns, QUANTILES), readingsOf(columns).toList(), QUANTILES);
        }
    }

    @Test
    void have_first_and_last_for_any_order_of_runs() {
        var statistics =
                new RunningStatistics(new double[0], AnswerBudget.unbounded().open("somebody"));
        var times = new long[] {10, 20, 5, 12, 7, 30};
        var values = new double[] {1, 2, 3, 4, 5, 6};
        statistics.add(times, values, 0, 2);
        statistics.add(times, values, 2, 4);
        statistics.add(times, values, 4, 6);
        assertThat(statistics.first()).isEqualTo(3);
        assertThat(statistics.firstTime()).isEqualTo(5);
        assertThat(statistics.last()).isEqualTo(6);
        assertThat(statistics.lastTime()).isEqualTo(30);
    }

    @Test
    void of_equal_times_take_first_and_last_from_the_first_run() {
        var statistics =
                new RunningStatistics(new double[0], AnswerBudget.unbounded().open("somebody"));
        statistics.add(new long[] {10}, new double[] {1}, 0, 1);
        statistics.add(new long[] {10}, new double[] {2}, 0, 1);
        assertThat(statistics.first()).isEqualTo(1);
        assertThat(statistics.last()).isEqualTo(1);
    }
}
