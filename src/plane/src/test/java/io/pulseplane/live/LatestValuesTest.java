package io.pulseplane.live;

import static io.pulseplane.Readings.ADA;
import static io.pulseplane.Readings.BREATH;
import static io.pulseplane.Readings.OXYGEN;
import static io.pulseplane.Readings.PULSE;
import static io.pulseplane.Readings.columns;
import static io.pulseplane.Readings.each;
import static io.pulseplane.Readings.one;
import static io.pulseplane.Readings.series;
import static io.pulseplane.Readings.times;
import static org.assertj.core.api.Assertions.assertThat;

import io.pulseplane.Together;
import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.Reading;
import io.pulseplane.vitals.Series;
import io.pulseplane.vitals.Subject;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BinaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class LatestValuesTest {

    private static final Series PULSE_OF_ADA = series("ada", "d1", PULSE);
    private static final Series BREATH_OF_ADA = series("ada", "d1", BREATH);

    private final LatestValues values = new LatestValues(1 << 20);

    @Nested
    class Completeness {

        @Test
        void does_not_claim_to_know_a_subject_before_the_store_was_heard() {
            var latest = values.of(ADA);
            assertThat(latest.isComplete()).isFalse();
            values.publish(one(PULSE_OF_ADA, 10, 60));
            assertThat(latest.isComplete()).isFalse();
            latest.complete(List.of());
            assertThat(latest.isComplete()).isTrue();
        }

        @Test
        void keeps_what_is_published_while_the_store_is_asked() {
            var latest = values.of(ADA);
            values.publish(one(PULSE_OF_ADA, 20, 62));
            latest.complete(List.of(new Reading(PULSE_OF_ADA, 10, 61), new Reading(BREATH_OF_ADA, 10, 14)));
            assertThat(latest.readings())
                    .containsExactly(new Reading(PULSE_OF_ADA, 20, 62), new Reading(BREATH_OF_ADA, 10, 14));
        }

        @Test
        void is_not_set_back_by_a_store_that_knew_less() {
            var latest = values.of(ADA);
            latest.complete(List.of(new Reading(PULSE_OF_ADA, 10, 61)));
            values.publish(one(PULSE_OF_ADA, 20, 62));
            latest.complete(List.of(new Reading(PULSE_OF_ADA, 10, 61)));
            assertThat(latest.readings()).containsExactly(new Reading(PULSE_OF_ADA, 20, 62));
        }

        @Test
        void leaves_out_subjects_nobody_asked_about() {
            values.publish(one(PULSE_OF_ADA, 10, 60));
            assertThat(values.of(ADA).readings()).isEmpty();
            assertThat(values.of(ADA).isComplete()).isFalse();
        }
    }

    @Nested
    class TheLatest {

        @Test
        void is_kept_for_the_patient_and_for_the_device() {
            var ofPatient = values.of(ADA);
            var ofDevice = values.of(new Subject.OfDevice("d1"));
            values.publish(one(PULSE_OF_ADA, 10, 60));
            values.publish(one(series("ada", "d2", BREATH), 11, 14));
            values.publish(one(series("bob", "d1", OXYGEN), 12, 98));

            assertThat(ofPatient.readings())
                    .containsExactly(
                            new Reading(PULSE_OF_ADA, 10, 60), new Reading(series("ada", "d2", BREATH), 11, 14));
            assertThat(ofDevice.readings())
                    .containsExactly(
                            new Reading(series("bob", "d1", OXYGEN), 12, 98), new Reading(PULSE_OF_ADA, 10, 60));
        }

        @Test
        void does_not_take_a_patient_for_a_device_of_the_same_name() {
            var patient = values.of(new Subject.OfPatient("x"));
            var device = values.of(new Subject.OfDevice("x"));
            values.publish(one(series("x", "d1", PULSE), 10, 60));
            values.publish(one(series("ada", "x", PULSE), 11, 61));
            assertThat(patient.readings()).containsExactly(new Reading(series("x", "d1", PULSE), 10, 60));
            assertThat(device.readings()).containsExactly(new Reading(series("ada", "x", PULSE), 11, 61));
        }

        @Test
        void of_columns_is_their_last_reading() {
            var latest = values.of(ADA);
            values.publish(columns(PULSE_OF_ADA, times(10, 20, 30), 61, 99, 63));
            assertThat(latest.readings()).containsExactly(new Reading(PULSE_OF_ADA, 30, 63));
        }

        @Test
        void is_one_of_each_code_in_the_order_of_codes() {
            var latest = values.of(ADA);
            Stream.of(PULSE, BREATH, OXYGEN, "8310-5", PULSE, "2339-0")
                    .forEach(code -> values.publish(one(series("ada", "d1", code), 10, 60)));
            assertThat(latest.readings())
                    .extracting(reading -> reading.series().code())
                    .containsExactly("2339-0", OXYGEN, "8310-5", PULSE, BREATH);
        }

        @Test
        void handed_out_does_not_change_afterwards() {
            var latest = values.of(ADA);
            values.publish(one(PULSE_OF_ADA, 10, 60));
            var before = latest.readings();
            values.publish(one(PULSE_OF_ADA, 20, 61));
            values.publish(one(BREATH_OF_ADA, 20, 14));
            assertThat(before).containsExactly(new Reading(PULSE_OF_ADA, 10, 60));
        }

        @Test
        void of_one_microsecond_is_that_of_the_device_that_sorts_first() {
            var winner = new Reading(series("ada", "d1", PULSE), 30, 99);
            assertWinsInEveryOrder(
                    ADA,
                    winner,
                    new Reading(series("ada", "d2", PULSE), 30, 61),
                    new Reading(series("ada", "d10", PULSE), 29, 60),
                    new Reading(series("ada", "d3", PULSE), 30, 62));
        }

        @Test
        void of_one_microsecond_and_device_is_that_of_the_patient_that_sorts_first() {
            var winner = new Reading(series("ada", "d1", PULSE), 30, 99);
            assertWinsInEveryOrder(
                    new Subject.OfDevice("d1"),
                    winner,
                    new Reading(series("bob", "d1", PULSE), 30, 61),
                    new Reading(series("aaron", "d1", PULSE), 29, 60),
                    new Reading(series("cleo", "d1", PULSE), 30, 62));
        }

        @Test
        void of_one_microsecond_and_series_but_for_the_unit_is_that_of_the_unit_that_sorts_first() {
            assertWinsInEveryOrder(
                    ADA,
                    new Reading(new Series("ada", "d1", "1-1", "kPa"), 30, 8),
                    new Reading(new Series("ada", "d1", "1-1", "mm[Hg]"), 30, 60),
                    new Reading(new Series("ada", "d1", "1-1", "m"), 30, 1));
        }

        private void assertWinsInEveryOrder(Subject subject, Reading winner, Reading... others) {
            var all = new ArrayList<>(List.of(others));
            all.add(winner);
            for (var order : permutations(all)) {
                var latest = new LatestValues(1 << 20).of(subject);
                order.forEach(latest::merge);
                assertThat(latest.readings()).as("merged %s", order).containsExactly(winner);
            }
        }

        private static List<List<Reading>> permutations(List<Reading> readings) {
            if (readings.isEmpty()) {
                return List.of(List.of());
            }
            var all = new ArrayList<List<Reading>>();
            for (var first : readings) {
                var rest = readings.stream().filter(r -> r != first).toList();
                for (var order : permutations(rest)) {
                    all.add(Stream.concat(Stream.of(first), order.stream()).toList());
                }
            }
            return all;
        }
    }

    @Nested
    class Forgetting {

        @Test
        void remembers_no_more_than_it_may() {
            var bounded = new LatestValues(100 * (LatestValues.BYTES_OF_SUBJECT + 256));
            var entries = IntStream.range(0, 5_000)
                    .mapToObj(i -> bounded.of(new Subject.OfPatient("p" + i)))
                    .toList();
            for (int i = 0; i < entries.size(); i++) {
                bounded.publish(one(series("p" + i, "d", PULSE), 10, 60));
            }
            var remembered = entries.stream().filter(entry -> !entry.readings().isEmpty());
            assertThat(remembered.count()).isBetween(1L, 100L);
        }

        @Test
        void forgets_others_for_one_of_whom_there_are_more_and_more_codes() {
            var bounded = new LatestValues(20_000);
            for (int code = 0; code < 1_000; code++) {
                var latest = bounded.of(ADA);
                bounded.publish(one(series("ada", "d", "code-" + code), 10, 60));
                assertThat(latest.bytes()).isLessThanOrEqualTo(21_000);
            }
        }

        @Test
        void takes_up_a_forgotten_subject_as_one_that_is_not_known() {
            var latest = values.of(ADA);
            latest.complete(List.of(new Reading(PULSE_OF_ADA, 10, 60)));
            values.forget(ADA, latest);
            assertThat(values.of(ADA).isComplete()).isFalse();
            assertThat(values.of(ADA).readings()).isEmpty();
        }

        @Test
        void forgets_the_entry_it_is_given_and_no_other() {
            var old = values.of(ADA);
            values.forget(ADA, old);
            var current = values.of(ADA);
            values.forget(ADA, old);
            values.forget(new Subject.OfDevice("ada"), current);
            assertThat(values.of(ADA)).isSameAs(current).isNotSameAs(old);
        }
    }

    /** Whatever several threads merge in whatever order, each code ends with its latest and no reader sees it go back. */
    @Test
    void ends_with_the_latest_of_all_that_threads_published_and_the_store_knew() throws Exception {
        var random = new SplittableRandom(20261122);
        for (int round = 0; round < 150; round++) {
            var values = new LatestValues(1 << 20);
            var latest = values.of(ADA);
            var published = randomColumns(random, 120);
            var stored = randomColumns(random, 20).stream()
                    .map(c -> new Reading(c.series(), c.lastTime(), c.values()[c.size() - 1]))
                    .toList();
            var publishing = new AtomicInteger(3);
            Together.run(
                    () -> publish(values, published.subList(0, 40), publishing),
                    () -> publish(values, published.subList(40, 80), publishing),
                    () -> publish(values, published.subList(80, 120), publishing),
                    () -> latest.complete(stored),
                    () -> assertNeverGoesBack(latest, publishing));

            var byCode = new TreeMap<String, Reading>();
            Stream.concat(published.stream().flatMap(c -> each(c)), stored.stream())
                    .forEach(r -> byCode.merge(r.series().code(), r, BY_THE_LETTER));
            assertThat(latest.readings()).containsExactlyElementsOf(byCode.values());
            assertThat(latest.isComplete()).isTrue();
        }
    }

    private static final BinaryOperator<Reading> BY_THE_LETTER = BinaryOperator.maxBy(Comparator.comparing(
                    Reading::time)
            .thenComparing(
                    r -> r.series().device(), Comparator.<String>naturalOrder().reversed())
            .thenComparing(
                    r -> r.series().patient(), Comparator.<String>naturalOrder().reversed()));

    /** The value follows from series and time, as it does in a store. */
    private static List<Columns> randomColumns(SplittableRandom random, int count) {
        var codes = List.of(PULSE, BREATH, OXYGEN);
        return Stream.generate(() -> {
                    var series = series("ada", "d" + random.nextInt(4), codes.get(random.nextInt(3)));
                    var times = random.longs(1 + random.nextInt(3), 0, 40)
                            .sorted()
                            .distinct()
                            .toArray();
                    var measured = new double[times.length];
                    for (int i = 0; i < times.length; i++) {
                        measured[i] = series.hashCode() % 1_000 + times[i];
                    }
                    return columns(series, times, measured);
                })
                .limit(count)
                .toList();
    }

    private static void publish(LatestValues values, List<Columns> columns, AtomicInteger publishing) {
        columns.forEach(values::publish);
        publishing.decrementAndGet();
    }

    private static void assertNeverGoesBack(Latest latest, AtomicInteger publishing) {
        var seen = new HashMap<String, Long>();
        do {
            for (var reading : latest.readings()) {
                var before = seen.put(reading.series().code(), reading.time());
                assertThat(before == null || before <= reading.time()).isTrue();
            }
        } while (publishing.get() > 0);
    }
}
