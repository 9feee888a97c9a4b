package io.pulseplane.query;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.pulseplane.vitals.PlaneException;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.DoubleSupplier;
import java.util.function.LongUnaryOperator;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;

class ValueCountsTest {

    private static final double[] QUANTILES = {0, 0.001, 0.05, 0.25, 0.5, 0.75, 0.95, 0.999, 1};

    private final SplittableRandom random = new SplittableRandom(20261125);

    private static ValueCounts of(double... values) {
        var counts = new ValueCounts(AnswerBudget.unbounded().open("somebody"));
        for (double value : values) {
            counts.add(value);
        }
        return counts;
    }

    private static void assertQuantiles(double... values) {
        var actual = of(values).quantiles(QUANTILES);
        var sorted = Arrays.stream(values).sorted().toArray();
        for (int i = 0; i < QUANTILES.length; i++) {
            double expected = ReferenceStatistics.quantile(sorted, QUANTILES[i]);
            assertThat(actual[i])
                    .as("quantile %s of %s values", QUANTILES[i], values.length)
                    .isCloseTo(expected, within(1e-13 * Math.max(1, Math.abs(expected))));
        }
    }

    /** The expected values are those of numpy.quantile in numpy 2. */
    @Test
    void interpolates_between_the_closest_ranks_as_numpy_does() {
        assertThat(of(15, 20, 35, 40, 50).quantiles(new double[] {0.4, 0.05, 0.5}))
                .containsExactly(29, 16, 35);
        assertThat(of(1, 2, 3, 4).quantiles(new double[] {0.25, 0.5, 0.75})).containsExactly(1.75, 2.5, 3.25);
    }

    @Test
    void quantiles_of_one_value_are_that_value() {
        assertThat(of(60.5).quantiles(QUANTILES)).containsOnly(60.5);
        assertThat(of(60.5, 60.5, 60.5).quantiles(QUANTILES)).containsOnly(60.5);
    }

    @Test
    void quantiles_0_and_1_are_exactly_the_smallest_and_the_largest_value() {
        assertThat(of(0.1, 0.3, 1e300, -7.7).quantiles(new double[] {0, 1})).containsExactly(-7.7, 1e300);
    }

    @Test
    void quantiles_are_in_the_order_of_the_request() {
        assertThat(of(1, 2, 3).quantiles(new double[] {1, 0, 0.5, 1})).containsExactly(3, 1, 2, 3);
        assertThat(of(1, 2, 3).quantiles(new double[0])).isEmpty();
    }

    @Test
    void counts_zero_and_minus_zero() {
        assertThat(of(0.0, -0.0, 1, -1, 0.0).quantiles(new double[] {0, 0.5, 1}))
                .containsExactly(-1, 0, 1);
    }

    @Test
    void quantiles_are_those_of_the_sorted_values() {
        for (int round = 0; round < 300; round++) {
            int size = 1 + random.nextInt(300);
            int distinct = 1 + random.nextInt(400);
            DoubleSupplier value =
                    switch (round % 3) {
                        case 0 -> () -> 60 + random.nextInt(distinct);
                        case 1 -> () -> random.nextInt(distinct) / 10.0 - 20;
                        default -> () -> random.nextDouble(-1e9, 1e9);
                    };
            assertQuantiles(DoubleStream.generate(value).limit(size).toArray());
        }
    }

    @Test
    void quantiles_of_many_values_are_those_of_the_sorted_values() {
        assertQuantiles(random.doubles(200_000).toArray());
        assertQuantiles(
                random.ints(200_000, 200, 3_000).mapToDouble(i -> i / 10.0).toArray());
    }

    @Test
    void quantiles_may_be_computed_between_additions() {
        var counts = of(1, 2, 3);
        assertThat(counts.quantiles(new double[] {0.5})).containsExactly(2);
        counts.add(4);
        counts.add(5);
        assertThat(counts.quantiles(new double[] {0.5})).containsExactly(3);
    }

    /**
     * A table of 2^18 slots is what 100,000 values of one batch make. The first family shares the lowest bits of its
     * product with a well-known multiplier, the others differ in few bits.
     */
    @Test
    void no_choice_of_values_makes_it_look_at_more_than_a_few_slots_for_each() {
        long inverse = inverseOf(0x9E3779B97F4A7C15L);
        var families = List.<LongUnaryOperator>of(
                i -> ((i << 50) | (i << 1)) * inverse,
                i -> (i & 0xFFF) << 52 | i >> 12,
                i -> i << 40,
                i -> i << 30,
                i -> i,
                i -> i * inverse,
                i -> i << 45 | i << 15);
        for (var family : families) {
            var counts = new ValueCounts(AnswerBudget.unbounded().open("somebody"));
            int size = 100_000;
            for (long i = 0; i < size; i++) {
                counts.add(Double.longBitsToDouble(family.applyAsLong(i)));
            }
            counts.quantiles(QUANTILES);
            assertThat(counts.probeCount()).isLessThan(10L * size);
        }
    }

    /** By Newton's method: each step doubles the number of right bits. */
    private static long inverseOf(long odd) {
        long inverse = odd;
        for (int i = 0; i < 6; i++) {
            inverse *= 2 - odd * inverse;
        }
        return inverse;
    }

    @Test
    void refuses_more_values_than_the_account_has_room_for_and_holds_what_it_has() {
        var budget = new AnswerBudget(1 << 20);
        var counts = new ValueCounts(budget.open("somebody"));
        assertThatThrownBy(() -> {
                    for (int i = 0; i < 100_000; i++) {
                        counts.add(i);
                    }
                })
                .isInstanceOf(PlaneException.ResourceExhausted.class);
        assertThat(budget.usedBytes()).isBetween(counts.heldBytes(), (1L << 20) / 4);
    }

    @Test
    void refuses_more_different_values_than_its_limit() {
        int max = 1 << 20;
        var full = new ValueCounts(AnswerBudget.unbounded().open("somebody"));
        for (int i = 0; i < max; i++) {
            full.add(i);
        }
        full.add(0);
        assertThat(full.quantiles(new double[] {0, 1})).containsExactly(0, max - 1);
        assertThatThrownBy(() -> full.add(max))
                .isInstanceOf(PlaneException.FailedPrecondition.class)
                .hasMessageContaining("quantiles need at most 1048576 different values");
    }
}
