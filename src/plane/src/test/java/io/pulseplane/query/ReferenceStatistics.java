package io.pulseplane.query;

import static org.assertj.core.api.Assertions.assertThat;

import io.pulseplane.vitals.Reading;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.List;
import java.util.stream.DoubleStream;
import org.assertj.core.data.Offset;

/** Computes statistics by their textbook definitions, in two passes and with exact decimals, as a reference. */
final class ReferenceStatistics {

    private ReferenceStatistics() {}

    /** @param readings at least one, in the order of time and then of series */
    static void assertMatches(RunningStatistics statistics, List<Reading> readings, double... quantiles) {
        var first = readings.getFirst();
        // Of several readings at the last time, the series that sorts first wins, as with latest values.
        long lastTime = readings.getLast().time();
        var last =
                readings.stream().filter(r -> r.time() == lastTime).findFirst().orElseThrow();
        var values = readings.stream().mapToDouble(Reading::value).sorted().toArray();

        assertThat(statistics.count()).isEqualTo(values.length);
        assertThat(statistics.min()).isEqualTo(values[0]);
        assertThat(statistics.max()).isEqualTo(values[values.length - 1]);
        assertThat(statistics.first()).isEqualTo(first.value());
        assertThat(statistics.firstTime()).isEqualTo(first.time());
        assertThat(statistics.last()).isEqualTo(last.value());
        assertThat(statistics.lastTime()).isEqualTo(lastTime);
        assertThat(statistics.sum())
                .isCloseTo(sum(values).doubleValue(), within(sum(values).doubleValue()));
        assertThat(statistics.mean())
                .isCloseTo(mean(values).doubleValue(), within(mean(values).doubleValue()));
        assertThat(statistics.standardDeviation()).satisfies(d -> assertClose(d, standardDeviation(values)));
        assertThat(statistics.quantiles()).hasSize(quantiles.length);
        for (int i = 0; i < quantiles.length; i++) {
            assertClose(statistics.quantiles()[i], quantile(values, quantiles[i]));
        }
    }

    static void assertEmpty(RunningStatistics statistics, int quantiles) {
        assertThat(statistics.count()).isZero();
        assertThat(new double[] {
                    statistics.mean(),
                    statistics.min(),
                    statistics.max(),
                    statistics.sum(),
                    statistics.standardDeviation(),
                    statistics.first(),
                    statistics.last()
                })
                .containsOnly(Double.NaN);
        assertThat(DoubleStream.of(statistics.quantiles()).boxed())
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
