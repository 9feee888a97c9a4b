package io.pulseplane.vitals;

import static org.assertj.core.api.Assertions.assertThat;

import io.pulseplane.vitals.BatchScreener.ImplausiblePolicy;
import io.pulseplane.vitals.BatchScreener.UnknownCodePolicy;
import io.pulseplane.vitals.Rejection.Reason;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class BatchScreenerTest {

    private static final long NOW = 1_763_000_000_000_000L;
    private static final String HEART_RATE = "8867-4";
    private static final String SYSTOLIC = "76214-6";
    private static final String DIASTOLIC = "76213-8";

    private final BatchScreener screener =
            new BatchScreener(Catalogue.standard(), UnknownCodePolicy.REFUSE, Duration.ofSeconds(5));

    @Test
    void keeps_a_clean_block_as_it_is_without_copying() {
        var times = new long[] {1, 2, 3};
        var values = new double[] {60, 61, 62};
        var screened = screen(new Batch.Block(HEART_RATE, "/min", times, values));
        var columns = screened.blocks().getFirst().columns();
        assertThat(columns.times()).isSameAs(times);
        assertThat(columns.values()).isSameAs(values);
        assertThat(columns.series()).isEqualTo(new Series("p", "d", HEART_RATE, "/min"));
        assertThat(screened.rejections()).isEmpty();
    }

    @Test
    void rejects_an_implausible_reading_and_keeps_its_neighbours() {
        var screened = screen(heartRate(new long[] {1, 2, 3}, 60, 0, 62));
        assertThat(columns(screened)).isEqualTo(columnsOf(new long[] {1, 3}, 60, 62));
        assertThat(screened.rejections()).containsExactly(rejection(HEART_RATE, Reason.IMPLAUSIBLE, 1));
        assertThat(screened.blocks().getFirst().originalIndexOf(1)).isEqualTo(2);
    }

    @ParameterizedTest
    @ValueSource(doubles = {20, 300, 20.000001})
    void accepts_the_bounds_of_the_range(double value) {
        assertThat(screen(heartRate(new long[] {1}, value)).size()).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(doubles = {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY})
    void rejects_a_value_that_is_not_finite(double value) {
        assertThat(screen(heartRate(new long[] {1}, value)).rejections())
                .containsExactly(rejection(HEART_RATE, Reason.NOT_FINITE, 0));
    }

    @Test
    void allows_five_seconds_of_future_and_not_a_microsecond_more() {
        var screened = screen(heartRate(new long[] {NOW + 5_000_000, NOW + 5_000_001}, 60, 60));
        assertThat(columns(screened).times()).containsExactly(NOW + 5_000_000);
        assertThat(screened.rejections()).containsExactly(rejection(HEART_RATE, Reason.IN_THE_FUTURE, 1));
    }

    @Test
    void rejects_times_before_1970_and_keeps_1970_itself() {
        var screened = screen(heartRate(new long[] {-1, 0, Long.MIN_VALUE}, 60, 60, 60));
        assertThat(columns(screened).times()).containsExactly(0);
        assertThat(screened.rejections()).containsExactly(rejection(HEART_RATE, Reason.BEFORE_EPOCH, 0, 2));
    }

    @Test
    void rejects_every_reading_of_a_wrong_unit() {
        var screened = screen(new Batch.Block("8310-5", "[degF]", new long[] {1, 2}, new double[] {37, 38}));
        assertThat(screened.blocks()).isEmpty();
        assertThat(screened.rejections()).containsExactly(rejection("8310-5", Reason.WRONG_UNIT, 0, 1));
    }

    @Test
    void rejects_a_unit_in_another_case() {
        var screened = screen(new Batch.Block("8310-5", "cel", new long[] {1}, new double[] {37}));
        assertThat(screened.rejections()).containsExactly(rejection("8310-5", Reason.WRONG_UNIT, 0));
    }

    @Test
    void rejects_unknown_codes_unless_the_policy_is_to_keep_them() {
        var block = new Batch.Block("1-1", "furlong", new long[] {1, 2}, new double[] {-1e300, Double.NaN});
        assertThat(screen(block).rejections()).containsExactly(rejection("1-1", Reason.UNKNOWN_CODE, 0, 1));

        var keepingScreener = new BatchScreener(Catalogue.standard(), UnknownCodePolicy.KEEP, Duration.ofSeconds(5));
        var kept = keepingScreener.screen(new Batch("d", "p", 1, List.of(block)), NOW);
        assertThat(columns(kept).values()).containsExactly(-1e300);
        assertThat(kept.rejections()).containsExactly(rejection("1-1", Reason.NOT_FINITE, 1));
    }

    @Test
    void sorts_readings_that_are_out_of_order_and_keeps_their_original_indexes() {
        var screened = screen(heartRate(new long[] {5, 1, 3}, 65, 61, 63));
        assertThat(columns(screened)).isEqualTo(columnsOf(new long[] {1, 3, 5}, 61, 63, 65));
        var block = screened.blocks().getFirst();
        assertThat(new int[] {block.originalIndexOf(0), block.originalIndexOf(1), block.originalIndexOf(2)})
                .containsExactly(1, 2, 0);
    }

    @Test
    void counts_a_repeated_reading_as_a_duplicate_and_rejects_one_with_another_value() {
        var screened = screen(heartRate(new long[] {1, 1, 1, 2}, 60, 60, 61, 62));
        assertThat(columns(screened)).isEqualTo(columnsOf(new long[] {1, 2}, 60, 62));
        assertThat(screened.duplicates()).isEqualTo(1);
        assertThat(screened.rejections()).containsExactly(rejection(HEART_RATE, Reason.CONFLICTING_VALUE, 2));
    }

    @Test
    void distinguishes_zero_from_minus_zero() {
        var screened = screen(new Batch.Block("9279-1", "/min", new long[] {1, 1}, new double[] {0.0, -0.0}));
        assertThat(screened.rejections()).containsExactly(rejection("9279-1", Reason.CONFLICTING_VALUE, 1));
    }

    @Test
    void rejects_both_pressures_where_systolic_is_not_above_diastolic() {
        var screened = screen(
                new Batch.Block(SYSTOLIC, "mm[Hg]", new long[] {1, 2, 3, 4}, new double[] {120, 80, 79, 130}),
                new Batch.Block(DIASTOLIC, "mm[Hg]", new long[] {1, 2, 3, 5}, new double[] {80, 80, 80, 80}));
        assertThat(screened.blocks().get(0).columns().times()).containsExactly(1, 4);
        assertThat(screened.blocks().get(1).columns().times()).containsExactly(1, 5);
        assertThat(screened.rejections())
                .containsExactly(
                        rejection(SYSTOLIC, Reason.PRESSURES_CROSSED, 1, 2),
                        rejection(DIASTOLIC, Reason.PRESSURES_CROSSED, 1, 2));
    }

    @Test
    void does_not_change_the_arrays_of_the_batch() {
        var times = new long[] {1, 2, 3};
        var values = new double[] {70, 120, 121};
        screen(
                new Batch.Block(SYSTOLIC, "mm[Hg]", times, values),
                new Batch.Block(DIASTOLIC, "mm[Hg]", new long[] {1, 2, 3}, new double[] {80, 80, 80}));
        assertThat(times).containsExactly(1, 2, 3);
        assertThat(values).containsExactly(70, 120, 121);
    }

    @Test
    void does_not_compare_pressures_of_different_kinds_or_rejected_ones() {
        var screened = screen(
                new Batch.Block("76534-7", "mm[Hg]", new long[] {1}, new double[] {70}),
                new Batch.Block(DIASTOLIC, "mm[Hg]", new long[] {1, 2}, new double[] {80, 80}),
                new Batch.Block(SYSTOLIC, "mm[Hg]", new long[] {2}, new double[] {0}));
        assertThat(screened.rejections()).containsExactly(rejection(SYSTOLIC, Reason.IMPLAUSIBLE, 0));
    }

    @Nested
    class with_an_earliest_time {

        private static final long EARLIEST = 946_684_800_000_000L;

        private final BatchScreener careful = new BatchScreener(
                Catalogue.standard(),
                UnknownCodePolicy.REFUSE,
                ImplausiblePolicy.REFUSE,
                Duration.ofSeconds(5),
                EARLIEST);

        @Test
        void rejects_what_is_older_and_keeps_the_earliest_time_itself() {
            var screened = screenCarefully(EARLIEST - 1, EARLIEST, 0, -1);
            assertThat(columns(screened).times()).containsExactly(EARLIEST);
            assertThat(screened.rejections())
                    .containsExactly(
                            rejection(HEART_RATE, Reason.BEFORE_EPOCH, 3), rejection(HEART_RATE, Reason.TOO_OLD, 0, 2));
            assertThat(careful.explain(HEART_RATE, Reason.TOO_OLD))
                    .isEqualTo("the time must not be before 2000-01-01T00:00:00Z");
        }

        @Test
        void keeps_the_arrays_of_a_clean_block() {
            var block = heartRate(new long[] {EARLIEST, NOW}, 60, 61);
            var screened = careful.screen(new Batch("d", "p", 1, List.of(block)), NOW);
            assertThat(columns(screened).times()).isSameAs(block.times());
        }

        @ParameterizedTest
        @ValueSource(
                longs = {
                    NOW / 1_000_000,
                    NOW / 1_000,
                    NOW * 1_000,
                    EARLIEST / 1_000_000,
                    EARLIEST / 1_000,
                    EARLIEST * 1_000,
                    NOW / 1_000 + 5_000
                })
        void names_times_in_seconds_milliseconds_and_nanoseconds(long time) {
            assertThat(screenCarefully(time).rejections())
                    .containsExactly(rejection(HEART_RATE, Reason.TIME_IN_ANOTHER_UNIT, 0));
        }

        @ParameterizedTest
        @ValueSource(longs = {NOW + 5_000_001, 4_102_444_800_000_000L, Long.MAX_VALUE, Long.MAX_VALUE - 1})
        void does_not_take_a_far_future_for_another_unit(long time) {
            assertThat(screenCarefully(time).rejections())
                    .containsExactly(rejection(HEART_RATE, Reason.IN_THE_FUTURE, 0));
        }

        private ScreenedBatch screenCarefully(long... times) {
            var values = new double[times.length];
            Arrays.fill(values, 60);
            return careful.screen(new Batch("d", "p", 1, List.of(heartRate(times, values))), NOW);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "59408-5, %, 0.97",
        "59408-5, %, 0.001",
        "59408-5, %, 1",
        "8310-5, Cel, 98.6",
        "8310-5, Cel, 86",
        "8310-5, Cel, 113",
        "8310-5, Cel, 310.15"
    })
    void names_values_that_betray_another_unit(String code, String unit, double value) {
        var block = new Batch.Block(code, unit, new long[] {1, 2}, new double[] {value, 42});
        var screened = screen(block);
        assertThat(screened.rejections()).containsExactly(rejection(code, Reason.VALUE_IN_ANOTHER_UNIT, 0));
        assertThat(columns(screened).values()).containsExactly(42);
        assertThat(screener.explain(code, Reason.VALUE_IN_ANOTHER_UNIT)).contains("must be in " + unit + ", and is");
    }

    @ParameterizedTest
    @CsvSource({
        "59408-5, %, 0",
        "59408-5, %, 1.1",
        "59408-5, %, 100",
        "9279-1, /min, 0.5",
        "9279-1, /min, 0",
        "8310-5, Cel, 30",
        "8310-5, Cel, 45"
    })
    void takes_values_that_betray_nothing(String code, String unit, double value) {
        assertThat(screen(new Batch.Block(code, unit, new long[] {1}, new double[] {value}))
                        .rejections())
                .isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"76212-0, mm[Hg], 25", "76214-6, mm[Hg], 16", "8310-5, Cel, 50", "2339-0, mg/dL, 5.5"})
    void does_not_take_what_the_sickest_can_have_for_another_unit(String code, String unit, double value) {
        assertThat(screen(new Batch.Block(code, unit, new long[] {1}, new double[] {value}))
                        .rejections())
                .containsExactly(rejection(code, Reason.IMPLAUSIBLE, 0));
    }

    @Nested
    class that_marks {

        private final BatchScreener marking = marking(Catalogue.standard());

        private BatchScreener marking(Catalogue catalogue) {
            return new BatchScreener(
                    catalogue, UnknownCodePolicy.REFUSE, ImplausiblePolicy.MARK, Duration.ofSeconds(5), 0);
        }

        private ScreenedBatch screen(BatchScreener screener, Batch.Block... blocks) {
            return screener.screen(new Batch("d", "p", 1, List.of(blocks)), NOW);
        }

        /** Whether the screeners that refuse and mark keep the value, with the standard and the neonatal catalogue. */
        @ParameterizedTest
        @CsvSource({
            // code, unit, value, refusing, marking, refusing of neonates
            "8867-4, /min, 0, false, true, false",
            "8867-4, /min, 20, true, true, true",
            "8867-4, /min, 600, false, true, false",
            "8867-4, /min, 601, false, false, false",
            "8867-4, /min, -1, false, false, false",
            "8867-4, /min, NaN, false, false, false",
            "76212-0, mm[Hg], 25, false, true, true",
            "76212-0, mm[Hg], 9, false, true, false",
            "76212-0, mm[Hg], 190, true, true, false",
            "76212-0, mm[Hg], 0, false, true, false",
            "76212-0, mm[Hg], -3, false, false, false",
            "76214-6, mm[Hg], 480, false, true, false",
            "8310-5, Cel, 13.7, false, true, false",
            "8310-5, Cel, 46.5, false, true, false",
            "8310-5, Cel, 98.6, false, false, false",
            "59408-5, %, 0.97, false, false, false",
            "59408-5, %, 101, false, false, false",
            "2339-0, mg/dL, 5.5, false, true, false"
        })
        void keeps_what_is_possible(
                String code, String unit, double value, boolean refused, boolean marked, boolean ofNeonates) {
            var block = new Batch.Block(code, unit, new long[] {1}, new double[] {value});
            var neonatal = new BatchScreener(Catalogue.neonatal(), UnknownCodePolicy.REFUSE, Duration.ofSeconds(5));
            assertThat(screen(screener, block).size()).isEqualTo(refused ? 1 : 0);
            assertThat(screen(marking, block).size()).isEqualTo(marked ? 1 : 0);
            assertThat(screen(neonatal, block).size()).isEqualTo(ofNeonates ? 1 : 0);
            assertThat(screen(marking(Catalogue.neonatal()), block).size()).isEqualTo(marked ? 1 : 0);
        }

        @Test
        void keeps_the_arrays_of_a_block_with_possible_values() {
            var block = heartRate(new long[] {1, 2, 3}, 60, 0, 600);
            assertThat(columns(screen(marking, block)).values()).isSameAs(block.values());
        }

        @Test
        void keeps_equal_pressures_of_an_arterial_line_whose_pulse_is_gone() {
            var screened = screen(
                    marking,
                    new Batch.Block(SYSTOLIC, "mm[Hg]", new long[] {1, 2, 3, 4}, new double[] {12, 49.9, 50, 11}),
                    new Batch.Block(DIASTOLIC, "mm[Hg]", new long[] {1, 2, 3, 4}, new double[] {12, 49.9, 50, 12}));
            assertThat(screened.blocks().get(0).columns().times()).containsExactly(1, 2);
            assertThat(screened.blocks().get(1).columns().times()).containsExactly(1, 2);
            assertThat(screened.rejections())
                    .containsExactly(
                            rejection(SYSTOLIC, Reason.PRESSURES_CROSSED, 2, 3),
                            rejection(DIASTOLIC, Reason.PRESSURES_CROSSED, 2, 3));
        }

        @Test
        void explains_the_bounds_that_it_holds() {
            assertThat(marking.explain(HEART_RATE, Reason.IMPLAUSIBLE))
                    .isEqualTo("the value must be from 0 to 600 /min");
        }
    }

    @Test
    void explains_every_reason_with_the_bounds_of_the_code() {
        for (var reason : Reason.values()) {
            assertThat(screener.explain(HEART_RATE, reason)).isNotBlank();
            assertThat(screener.explain("1-1", reason)).isNotBlank();
        }
        assertThat(screener.explain(HEART_RATE, Reason.IMPLAUSIBLE)).isEqualTo("the value must be from 20 to 300 /min");
        assertThat(screener.explain(HEART_RATE, Reason.IN_THE_FUTURE)).contains("5 s ahead");
        assertThat(screener.explain(HEART_RATE, Reason.WRONG_UNIT)).isEqualTo("the unit must be /min");
    }

    /**
     * For random batches: no reading is lost or added, and the screener keeps the same readings as a simple check of
     * the rules.
     */
    @Test
    void accounts_for_every_reading_of_any_batch() {
        var random = new SplittableRandom(20261121);
        for (int round = 0; round < 2_000; round++) {
            var blocks = List.of(
                    randomBlock(random, SYSTOLIC, "mm[Hg]"),
                    randomBlock(random, DIASTOLIC, random.nextInt(10) == 0 ? "kPa" : "mm[Hg]"),
                    randomBlock(random, HEART_RATE, "/min"));
            var batch = new Batch("d", "p", 1, blocks);
            var screened = screener.screen(batch, NOW);

            int rejected =
                    screened.rejections().stream().mapToInt(Rejection::size).sum();
            assertThat(screened.size() + screened.duplicates() + rejected).isEqualTo(batch.size());
            assertThat(kept(screened)).isEqualTo(expectedReadings(blocks));
            for (var block : screened.blocks()) {
                assertStrictlyAscending(block.columns().times());
                assertOriginalIndexes(block, blocks);
            }
        }
    }

    private static Batch.Block randomBlock(SplittableRandom random, String code, String unit) {
        int size = random.nextInt(12);
        var times = new long[size];
        var values = new double[size];
        for (int i = 0; i < size; i++) {
            times[i] = random.nextInt(20) == 0 ? random.nextLong() : random.nextInt(8);
            values[i] = random.nextInt(20) == 0 ? Double.longBitsToDouble(random.nextLong()) : random.nextInt(5) * 20;
        }
        return new Batch.Block(code, unit, times, values);
    }

    private static Map<String, Map<Long, Double>> expectedReadings(List<Batch.Block> blocks) {
        Map<String, Map<Long, Double>> kept = new HashMap<>();
        for (var block : blocks) {
            var sign = Catalogue.standard().find(block.code()).orElseThrow();
            for (int i = 0; i < block.times().length; i++) {
                long time = block.times()[i];
                if (sign.unit().equals(block.unit())
                        && block.values()[i] >= sign.plausible().low()
                        && block.values()[i] <= sign.plausible().high()
                        && time >= 0
                        && time <= NOW + 5_000_000) {
                    kept.computeIfAbsent(block.code(), _ -> new HashMap<>()).putIfAbsent(time, block.values()[i]);
                }
            }
        }
        var systolic = kept.getOrDefault(SYSTOLIC, new HashMap<>());
        var diastolic = kept.getOrDefault(DIASTOLIC, new HashMap<>());
        for (var time : new ArrayList<>(systolic.keySet())) {
            if (diastolic.containsKey(time) && systolic.get(time) <= diastolic.get(time)) {
                systolic.remove(time);
                diastolic.remove(time);
            }
        }
        kept.values().removeIf(Map::isEmpty);
        return kept;
    }

    private static Map<String, Map<Long, Double>> kept(ScreenedBatch screened) {
        Map<String, Map<Long, Double>> kept = new HashMap<>();
        for (var block : screened.blocks()) {
            var readings = kept.computeIfAbsent(block.columns().series().code(), _ -> new HashMap<>());
            for (int i = 0; i < block.columns().size(); i++) {
                readings.put(block.columns().times()[i], block.columns().values()[i]);
            }
        }
        return kept;
    }

    private static void assertStrictlyAscending(long[] times) {
        for (int i = 1; i < times.length; i++) {
            assertThat(times[i]).isGreaterThan(times[i - 1]);
        }
    }

    private static void assertOriginalIndexes(ScreenedBatch.Block block, List<Batch.Block> blocks) {
        var sent = blocks.stream()
                .filter(candidate ->
                        candidate.code().equals(block.columns().series().code()))
                .findFirst()
                .orElseThrow();
        for (int i = 0; i < block.columns().size(); i++) {
            assertThat(sent.times()[block.originalIndexOf(i)])
                    .isEqualTo(block.columns().times()[i]);
            assertThat(sent.values()[block.originalIndexOf(i)])
                    .isEqualTo(block.columns().values()[i]);
        }
    }

    private ScreenedBatch screen(Batch.Block... blocks) {
        return screener.screen(new Batch("d", "p", 1, List.of(blocks)), NOW);
    }

    private static Batch.Block heartRate(long[] times, double... values) {
        return new Batch.Block(HEART_RATE, "/min", times, values);
    }

    private static Columns columns(ScreenedBatch screened) {
        return screened.blocks().getFirst().columns();
    }

    private static Columns columnsOf(long[] times, double... values) {
        return new Columns(new Series("p", "d", HEART_RATE, "/min"), times, values);
    }

    private static Rejection rejection(String code, Reason reason, int... indexes) {
        return new Rejection(code, reason, indexes);
    }
}
