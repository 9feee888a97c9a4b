package io.pulseplane.live;

import static io.pulseplane.ReadingFixtures.ADA;
import static io.pulseplane.ReadingFixtures.HEART_RATE;
import static io.pulseplane.ReadingFixtures.OXYGEN_SATURATION;
import static io.pulseplane.ReadingFixtures.RESPIRATORY_RATE;
import static io.pulseplane.ReadingFixtures.columns;
import static io.pulseplane.ReadingFixtures.oneReading;
import static io.pulseplane.ReadingFixtures.readingsOf;
import static io.pulseplane.ReadingFixtures.series;
import static io.pulseplane.ReadingFixtures.times;
import static org.assertj.core.api.Assertions.assertThat;

import io.pulseplane.ConcurrentTasks;
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

class LatestCacheTest {

    private static final Series HEART_RATE_OF_ADA = series("ada", "d1", HEART_RATE);
    private static final Series RESPIRATION_OF_ADA = series("ada", "d1", RESPIRATORY_RATE);

    private final LatestCache cache = new LatestCache(1 << 20);

    @Nested
    class Completeness {

        @Test
        void entry_is_incomplete_until_the_readings_of_the_store_are_merged() {
            var latest = cache.entry(ADA);
            assertThat(latest.isComplete()).isFalse();
            cache.publish(oneReading(HEART_RATE_OF_ADA, 10, 60));
            assertThat(latest.isComplete()).isFalse();
            latest.complete(List.of(), 0);
            assertThat(latest.isComplete()).isTrue();
        }

        @Test
        void keeps_readings_published_during_the_read_of_the_store() {
            var latest = cache.entry(ADA);
            cache.publish(oneReading(HEART_RATE_OF_ADA, 20, 62));
            latest.complete(
                    List.of(new Reading(HEART_RATE_OF_ADA, 10, 61), new Reading(RESPIRATION_OF_ADA, 10, 14)), 0);
            assertThat(latest.readings())
                    .containsExactly(new Reading(HEART_RATE_OF_ADA, 20, 62), new Reading(RESPIRATION_OF_ADA, 10, 14));
        }

        @Test
        void an_older_reading_of_the_store_does_not_replace_a_later_one() {
            var latest = cache.entry(ADA);
            latest.complete(List.of(new Reading(HEART_RATE_OF_ADA, 10, 61)), 0);
            cache.publish(oneReading(HEART_RATE_OF_ADA, 20, 62));
            latest.complete(List.of(new Reading(HEART_RATE_OF_ADA, 10, 61)), 0);
            assertThat(latest.readings()).containsExactly(new Reading(HEART_RATE_OF_ADA, 20, 62));
        }

        @Test
        void does_not_keep_readings_of_subjects_without_an_entry() {
            cache.publish(oneReading(HEART_RATE_OF_ADA, 10, 60));
            assertThat(cache.entry(ADA).readings()).isEmpty();
            assertThat(cache.entry(ADA).isComplete()).isFalse();
        }
    }

    @Nested
    class TheLatest {

        @Test
        void is_kept_for_the_patient_and_for_the_device() {
            var ofPatient = cache.entry(ADA);
            var ofDevice = cache.entry(new Subject.OfDevice("d1"));
            cache.publish(oneReading(HEART_RATE_OF_ADA, 10, 60));
            cache.publish(oneReading(series("ada", "d2", RESPIRATORY_RATE), 11, 14));
            cache.publish(oneReading(series("bob", "d1", OXYGEN_SATURATION), 12, 98));

            assertThat(ofPatient.readings())
                    .containsExactly(
                            new Reading(HEART_RATE_OF_ADA, 10, 60),
                            new Reading(series("ada", "d2", RESPIRATORY_RATE), 11, 14));
            assertThat(ofDevice.readings())
                    .containsExactly(
                            new Reading(series("bob", "d1", OXYGEN_SATURATION), 12, 98),
                            new Reading(HEART_RATE_OF_ADA, 10, 60));
        }

        @Test
        void keeps_a_patient_and_a_device_with_the_same_id_apart() {
            var patient = cache.entry(new Subject.OfPatient("x"));
            var device = cache.entry(new Subject.OfDevice("x"));
            cache.publish(oneReading(series("x", "d1", HEART_RATE), 10, 60));
            cache.publish(oneReading(series("ada", "x", HEART_RATE), 11, 61));
            assertThat(patient.readings()).containsExactly(new Reading(series("x", "d1", HEART_RATE), 10, 60));
            assertThat(device.readings()).containsExactly(new Reading(series("ada", "x", HEART_RATE), 11, 61));
        }

        @Test
        void of_columns_is_their_last_reading() {
            var latest = cache.entry(ADA);
            cache.publish(columns(HEART_RATE_OF_ADA, times(10, 20, 30), 61, 99, 63));
            assertThat(latest.readings()).containsExactly(new Reading(HEART_RATE_OF_ADA, 30, 63));
        }

        @Test
        void is_one_of_each_code_in_the_order_of_codes() {
            var latest = cache.entry(ADA);
            Stream.of(HEART_RATE, RESPIRATORY_RATE, OXYGEN_SATURATION, "8310-5", HEART_RATE, "2339-0")
                    .forEach(code -> cache.publish(oneReading(series("ada", "d1", code), 10, 60)));
            assertThat(latest.readings())
                    .extracting(reading -> reading.series().code())
                    .containsExactly("2339-0", OXYGEN_SATURATION, "8310-5", HEART_RATE, RESPIRATORY_RATE);
        }

        @Test
        void returned_list_does_not_change_afterwards() {
            var latest = cache.entry(ADA);
            cache.publish(oneReading(HEART_RATE_OF_ADA, 10, 60));
            var before = latest.readings();
            cache.publish(oneReading(HEART_RATE_OF_ADA, 20, 61));
            cache.publish(oneReading(RESPIRATION_OF_ADA, 20, 14));
            assertThat(before).containsExactly(new Reading(HEART_RATE_OF_ADA, 10, 60));
        }

        @Test
        void of_one_microsecond_is_that_of_the_device_that_sorts_first() {
            var winner = new Reading(series("ada", "d1", HEART_RATE), 30, 99);
            assertWinsInEveryOrder(
                    ADA,
                    winner,
                    new Reading(series("ada", "d2", HEART_RATE), 30, 61),
                    new Reading(series("ada", "d10", HEART_RATE), 29, 60),
                    new Reading(series("ada", "d3", HEART_RATE), 30, 62));
        }

        @Test
        void of_one_microsecond_and_device_is_that_of_the_patient_that_sorts_first() {
            var winner = new Reading(series("ada", "d1", HEART_RATE), 30, 99);
            assertWinsInEveryOrder(
                    new Subject.OfDevice("d1"),
                    winner,
                    new Reading(series("bob", "d1", HEART_RATE), 30, 61),
                    new Reading(series("aaron", "d1", HEART_RATE), 29, 60),
                    new Reading(series("cleo", "d1", HEART_RATE), 30, 62));
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
                var latest = new LatestCache(1 << 20).entry(subject);
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
                var others = readings.stream()
                        .filter(reading -> !reading.equals(first))
                        .toList();
                for (var order : permutations(others)) {
                    all.add(Stream.concat(Stream.of(first), order.stream()).toList());
                }
            }
            return all;
        }
    }

    @Nested
    class Eviction {

        @Test
        void keeps_no_more_entries_than_its_bound_allows() {
            var bounded = new LatestCache(100 * (LatestCache.BYTES_PER_SUBJECT + 256));
            var entries = IntStream.range(0, 5_000)
                    .mapToObj(i -> bounded.entry(new Subject.OfPatient("p" + i)))
                    .toList();
            for (int i = 0; i < entries.size(); i++) {
                bounded.publish(oneReading(series("p" + i, "d", HEART_RATE), 10, 60));
            }
            var cachedEntries =
                    entries.stream().filter(entry -> !entry.readings().isEmpty());
            assertThat(cachedEntries.count()).isBetween(1L, 100L);
        }

        @Test
        void an_entry_that_grows_stays_within_the_bound() {
            var bounded = new LatestCache(20_000);
            for (int code = 0; code < 1_000; code++) {
                var latest = bounded.entry(ADA);
                bounded.publish(oneReading(series("ada", "d", "code-" + code), 10, 60));
                assertThat(latest.estimatedBytes()).isLessThanOrEqualTo(21_000);
            }
        }

        @Test
        void an_evicted_subject_gets_a_new_incomplete_entry() {
            var latest = cache.entry(ADA);
            latest.complete(List.of(new Reading(HEART_RATE_OF_ADA, 10, 60)), 0);
            cache.evict(ADA, latest);
            assertThat(cache.entry(ADA).isComplete()).isFalse();
            assertThat(cache.entry(ADA).readings()).isEmpty();
        }

        @Test
        void evicts_only_the_given_entry() {
            var old = cache.entry(ADA);
            cache.evict(ADA, old);
            var current = cache.entry(ADA);
            cache.evict(ADA, old);
            cache.evict(new Subject.OfDevice("ada"), current);
            assertThat(cache.entry(ADA)).isSameAs(current).isNotSameAs(old);
        }
    }

    /**
     * Merges from several threads: each code ends with its latest reading, and no reader sees an older one after it.
     */
    @Test
    void has_the_latest_of_all_published_and_stored_readings() throws Exception {
        var random = new SplittableRandom(20261122);
        for (int round = 0; round < 150; round++) {
            var cache = new LatestCache(1 << 20);
            var latest = cache.entry(ADA);
            var published = randomColumns(random, 120);
            var stored = randomColumns(random, 20).stream()
                    .map(c -> new Reading(c.series(), c.lastTime(), c.values()[c.size() - 1]))
                    .toList();
            var publishing = new AtomicInteger(3);
            ConcurrentTasks.run(
                    () -> publish(cache, published.subList(0, 40), publishing),
                    () -> publish(cache, published.subList(40, 80), publishing),
                    () -> publish(cache, published.subList(80, 120), publishing),
                    () -> latest.complete(stored, 0),
                    () -> assertNeverGoesBack(latest, publishing));

            var byCode = new TreeMap<String, Reading>();
            Stream.concat(published.stream().flatMap(c -> readingsOf(c)), stored.stream())
                    .forEach(r -> byCode.merge(r.series().code(), r, EXPECTED_LATEST));
            assertThat(latest.readings()).containsExactlyElementsOf(byCode.values());
            assertThat(latest.isComplete()).isTrue();
        }
    }

    private static final BinaryOperator<Reading> EXPECTED_LATEST = BinaryOperator.maxBy(Comparator.comparing(
                    Reading::time)
            .thenComparing(
                    r -> r.series().device(), Comparator.<String>naturalOrder().reversed())
            .thenComparing(
                    r -> r.series().patient(), Comparator.<String>naturalOrder().reversed()));

    /** Derives each value from series and time, so that equal keys have equal values, as in a store. */
    private static List<Columns> randomColumns(SplittableRandom random, int count) {
        var codes = List.of(HEART_RATE, RESPIRATORY_RATE, OXYGEN_SATURATION);
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

    private static void publish(LatestCache cache, List<Columns> columns, AtomicInteger publishing) {
        columns.forEach(cache::publish);
        publishing.decrementAndGet();
    }

    private static void assertNeverGoesBack(LatestReadings latest, AtomicInteger publishing) {
        var lastTimes = new HashMap<String, Long>();
        do {
            for (var reading : latest.readings()) {
                var before = lastTimes.put(reading.series().code(), reading.time());
                assertThat(before == null || before <= reading.time()).isTrue();
            }
        } while (publishing.get() > 0);
    }
}
