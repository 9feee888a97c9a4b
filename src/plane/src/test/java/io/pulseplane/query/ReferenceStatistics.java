package io.pulseplane.query;

import static org.assertj.core.api.Assertions.assertThat;

import io.pulseplane.vitals.Reading;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.List;
import java.util.stream.DoubleStream;
import org.assertj.core.data.Offset;

/**
 * The functions of a set of readings as the textbook has them: sorted, in two passes, with as many digits as it takes.
 */
final class ReferenceStatistics {

    private ReferenceStatistics() {}

    /** @param readings at least one, in the order of time and then of series */
    static void assertMatches(RunningStatistics summary, List<Reading> readings, double... quantiles) {
        var first = readings.getFirst();
        // Of several at the last time it is the series that sorts first, as it is with latest values.
        long lastTime = readings.getLast().time();
        var last =
                readings.stream().filter(r -> r.time() == lastTime).findFirst().orElseThrow();
        var values = readings.stream().mapToDouble(Reading::value).sorted().toArray();

        assertThat(summary.count()).isEqualTo(values.length);
        assertThat(summary.min()).isEqualTo(values[0]);
        assertThat(summary.max()).isEqualTo(values[values.length - 1]);
        assertThat(summary.first()).isEqualTo(first.value());
        assertThat(summary.firstTime()).isEqualTo(first.time());
        assertThat(summary.last()).isEqualTo(last.value());
        assertThat(summary.lastTime()).isEqualTo(lastTime);
        assertThat(summary.sum())
                .isCloseTo(sum(values).doubleValue(), within(sum(values).doubleValue()));
        assertThat(summary.mean())
                .isCloseTo(mean(values).doubleValue(), within(mean(values).doubleValue()));
        assertThat(summary.standardDeviation()).satisfies(d -> assertClose(d, standardDeviation(values)));
        assertThat(summary.quantiles()).hasSize(quantiles.length);
        for (int i = 0; i < quantiles.length; i++) {
            assertClose(summary.quantiles()[i], quantile(values, quantiles[i]));
        }
    }

    static void assertEmpty(RunningStatistics summary, int quantiles) {
        assertThat(summary.count()).isZero();
        assertThat(new double[] {
                    summary.mean(),
                    summary.min(),
                    summary.max(),
                    summary.sum(),
                    summary.standardDeviation(),
                    summary.first(),
                    summary.last()
                })
                .containsOnly(Double.NaN);
        assertThat(DoubleStream.of(summary.quantiles()).boxed())
                .hasSize(quantiles)
                .allMatch(q -> q.isNaN());
    }

    private static void assertClose(double actual, double expected) {
        if (Double.isNaN(expected)) {
            assertThat(actual).isNaN();
        } else {
            assertThat(actual).isCloseTo(expected, within(expected));
        }
    }

    private static Offset<Double> within(double magnitude) {
        return Offset.offset(Math.max(1e-12, Math.abs(magnitude) * 1e-11));
    }

    private static BigDecimal sum(double[] values) {
        var sum = BigDecimal.ZERO;
        for (double value : values) {
            sum = sum.add(new BigDecimal(value));
        }
        return sum;
    }

    private static BigDecimal mean(double[] values) {
        return sum(values).divide(BigDecimal.valueOf(values.length), MathContext.DECIMAL128);
    }

    static double standardDeviation(double[] values) {
        if (values.length < 2) {
            return Double.NaN;
        }
        var mean = mean(values);
        var squares = BigDecimal.ZERO;
        for (double value : values) {
            squares = squares.add(new BigDecimal(value).subtract(mean).pow(2));
        }
        return Math.sqrt(squares.divide(BigDecimal.valueOf(values.length - 1), MathContext.DECIMAL128)
                .doubleValue());
    }

    /** numpy.quantile(values, q), method "linear". */
    static double quantile(double[] sorted, double q) {
        double index = q * (sorted.length - 1);
        int below = (int) index;
        int above = Math.min(below + 1, sorted.length - 1);
        double weight = index - below;
        return sorted[below] * (1 - weight) + sorted[above] * weight;
    }
}
