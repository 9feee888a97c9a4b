package io.pulseplane.vitals.chunk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.offset;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Arrays;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.Function;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ChunkSummaryTest {

    private final ChunkEncoder encoder = new ChunkEncoder();
    private final ChunkReader reader = new ChunkReader();
    private final SplittableRandom random = new SplittableRandom(7);

    @ParameterizedTest
    @EnumSource
    void summary_of_a_chunk_equals_that_of_its_values_bit_for_bit(ColumnShape.Values shape) {
        for (int count : new int[] {1, 2, 256, 257, 1_024, 1_500, 4_000}) {
            var values = shape.generate(random, count);
            assertThat(summaryOfChunk(values)).isEqualTo(ChunkSummary.of(values, 0, count));
        }
    }

    @Test
    void summary_of_decimals_is_exact() {
        var values = new double[100_000];
        Arrays.setAll(values, i -> i % 10 == 0 ? 0.3 : 0.1);
        var summary = summaryOfChunk(values).orElseThrow();
        assertThat(summary.sum()).isEqualTo(12_000.0);
        assertThat(summary.mean()).isEqualTo(0.12);
        assertThat(summary.sumOfSquaredDeviations()).isEqualTo(360.0, offset(1e-12));
    }

    @ParameterizedTest
    @EnumSource(names = {"MONITOR", "MIXED_DECIMALS", "FLOATS", "DOUBLES", "DROPPING_TO_ZERO", "RARELY_CHANGING"})
    void agrees_with_exact_arithmetic(ColumnShape.Values shape) {
        var values = shape.generate(random, 2_000);
        var summary = summaryOfChunk(values).orElseThrow();
        var sum = sum(values, Function.identity());
        var mean = sum.divide(BigDecimal.valueOf(values.length), MathContext.DECIMAL128);
        assertThat(summary.count()).isEqualTo(2_000);
        assertThat(summary.first()).isEqualTo(values[0]);
        assertThat(summary.last()).isEqualTo(values[1_999]);
        assertThat(summary.min()).isEqualTo(Arrays.stream(values).min().orElseThrow());
        assertThat(summary.max()).isEqualTo(Arrays.stream(values).max().orElseThrow());
        assertClose(summary.sum(), sum);
        assertClose(summary.mean(), mean);
        assertClose(
                summary.sumOfSquaredDeviations(),
                sum(values, value -> value.subtract(mean).pow(2)));
    }

    @Test
    void keeps_the_digits_of_a_small_deviation_around_a_large_mean() {
        var values = new double[1_000];
        Arrays.setAll(values, i -> 1e9 + (i % 2) / 1_024.0);
        assertThat(summaryOfChunk(values).orElseThrow().sumOfSquaredDeviations())
                .isEqualTo(250.0 / 1_024 / 1_024);
    }

    @Test
    void deviation_of_equal_values_is_zero() {
        assertThat(summaryOfChunk(new double[] {0.1, 0.1, 0.1}).orElseThrow().sumOfSquaredDeviations())
                .isZero();
    }

    @Test
    void distinguishes_signed_zeroes() {
        var values = new double[300];
        values[200] = -0.0;
        var summary = summaryOfChunk(values).orElseThrow();
        assertThat(ChunkRoundTripTest.bits(new double[] {summary.min(), summary.max()}))
                .isEqualTo(ChunkRoundTripTest.bits(new double[] {-0.0, 0.0}));
    }

    @Test
    void is_finite_for_the_largest_values() {
        var values = new double[100_000];
        Arrays.setAll(values, i -> i % 3 == 0 ? -ChunkSummary.MAX_MAGNITUDE : ChunkSummary.MAX_MAGNITUDE);
        var summary = summaryOfChunk(values).orElseThrow();
        assertThat(summary.sumOfSquaredDeviations()).isFinite();
        assertThat(summary.sum()).isFinite();
    }

    @Test
    void is_empty_if_a_value_is_not_finite_or_too_large() {
        for (double value : new double[] {
            Double.NaN,
            Double.POSITIVE_INFINITY,
            Double.NEGATIVE_INFINITY,
            Math.nextUp(ChunkSummary.MAX_MAGNITUDE),
            -1e300
        }) {
            for (int count : new int[] {1, 100, 257, 2_000}) {
                var values = ColumnShape.Values.MONITOR.generate(random, count);
                values[random.nextInt(count)] = value;
                assertThat(summaryOfChunk(values)).isEmpty();
            }
        }
    }

    @Test
    void refuses_an_empty_range() {
        assertThatThrownBy(() -> ChunkSummary.of(new double[1], 1, 1)).isInstanceOf(IllegalArgumentException.class);
    }

    private Optional<ChunkSummary> summaryOfChunk(double[] values) {
        var times = ColumnShape.Times.REGULAR.generate(random, values.length);
        return reader.open(encoder.encode(times, values, 0, values.length)).summary();
    }

    /** Sums the decimals that the values are printed as; each is within half a unit in the last place of its value. */
    private static BigDecimal sum(double[] values, Function<BigDecimal, BigDecimal> term) {
        return Arrays.stream(values).mapToObj(BigDecimal::valueOf).map(term).reduce(BigDecimal.ZERO, BigDecimal::add);
    }

    private static void assertClose(double actual, BigDecimal expected) {
        assertThat(actual).isCloseTo(expected.doubleValue(), Percentage.withPercentage(1e-9));
    }

    @Test
    void keeps_a_small_deviation_exactly() {
        var values = new double[300];
        Arrays.setAll(values, i -> i == 0 ? 61 : 60);
        var summary = ChunkSummary.of(values, 0, values.length).orElseThrow();
        assertThat(summary.sumOfSquaredDeviations()).isEqualTo(299.0 / 300);
    }
}
