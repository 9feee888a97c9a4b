package io.pulseplane.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.pulseplane.client.BatchBuilder;
import io.pulseplane.v1.Batch;
import io.pulseplane.v1.Columns;
import io.pulseplane.vitals.Catalogue;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class PhysiologyTest {

    private static final long SECOND = 1_000_000L;
    private static final long HOUR = 3_600 * SECOND;
    private static final long MIDNIGHT = 1_763_078_400L * SECOND;

    @Test
    void gives_the_same_values_for_the_same_seed_and_time() {
        assertThat(record(7, MIDNIGHT, 600)).isEqualTo(record(7, MIDNIGHT, 600));
        assertThat(record(8, MIDNIGHT, 600)).isNotEqualTo(record(7, MIDNIGHT, 600));
    }

    @Test
    void reports_known_signs_in_their_units_with_one_decimal() {
        for (var columns : record(1, MIDNIGHT, 3_600).getColumnsList()) {
            var sign = Catalogue.standard().find(columns.getCode()).orElseThrow();
            assertThat(columns.getUnit()).isEqualTo(sign.unit());
            assertThat(columns.getValuesList()).allMatch(value -> Math.rint(value * 10) / 10 == value);
        }
    }

    @Test
    void is_plausible_except_where_sensors_fell_off() {
        long fallenOff = 0;
        for (int seed = 1; seed <= 20; seed++) {
            for (var columns : record(seed, MIDNIGHT, 6 * 3_600).getColumnsList()) {
                var sign = Catalogue.standard().find(columns.getCode()).orElseThrow();
                long implausible = columns.getValuesList().stream()
                        .filter(value -> value < sign.plausible().low()
                                || value > sign.plausible().high())
                        .count();
                assertThat(implausible).isLessThan(columns.getValuesCount() / 50);
                fallenOff += columns.getValuesList().stream()
                        .filter(value -> value == 0)
                        .count();
            }
        }
        assertThat(fallenOff).isPositive();
    }

    @Test
    void keeps_the_pressures_in_their_order() {
        var byCode = byCode(record(3, MIDNIGHT, 3_600));
        double systolic = mean(byCode.get("76214-6"));
        double mean = mean(byCode.get("76212-0"));
        double diastolic = mean(byCode.get("76213-8"));
        assertThat(systolic).isGreaterThan(mean + 10);
        assertThat(mean).isGreaterThan(diastolic + 5);
    }

    @Test
    void has_a_lower_heart_rate_at_night() {
        double night = mean(byCode(record(2, MIDNIGHT + 3 * HOUR, 7_200)).get("8867-4"));
        double day = mean(byCode(record(2, MIDNIGHT + 15 * HOUR, 7_200)).get("8867-4"));
        assertThat(day).isGreaterThan(night + 5);
    }

    @Test
    void drops_out_now_and_then() {
        assertThat(record(1, MIDNIGHT, 86_400).getColumnsList())
                .allSatisfy(columns -> assertThat(columns.getValuesCount()).isBetween(85_000, 86_399));
    }

    private static Batch record(long seed, long start, int seconds) {
        var physiology = new Physiology(seed);
        var batch = new BatchBuilder("d", "p");
        for (int i = 0; i < seconds; i++) {
            physiology.report(start + i * SECOND, batch);
        }
        return batch.build(1);
    }

    private static Map<String, Columns> byCode(Batch batch) {
        return batch.getColumnsList().stream().collect(Collectors.toMap(Columns::getCode, Function.identity()));
    }

    private static double mean(Columns columns) {
        return columns.getValuesList().stream()
                .mapToDouble(Double::doubleValue)
                .filter(value -> value > 0)
                .average()
                .orElseThrow();
    }
}
