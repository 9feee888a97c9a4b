package io.pulseplane.query;

import static io.pulseplane.ReadingFixtures.ADA;
import static io.pulseplane.ReadingFixtures.HEART_RATE;
import static io.pulseplane.ReadingFixtures.OXYGEN_SATURATION;
import static io.pulseplane.ReadingFixtures.RESPIRATORY_RATE;
import static io.pulseplane.ReadingFixtures.appendAll;
import static io.pulseplane.ReadingFixtures.await;
import static io.pulseplane.ReadingFixtures.columns;
import static io.pulseplane.ReadingFixtures.oneReading;
import static io.pulseplane.ReadingFixtures.series;
import static io.pulseplane.ReadingFixtures.times;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pulseplane.ConcurrentTasks;
import io.pulseplane.ReadingFixtures;
import io.pulseplane.live.LatestCache;
import io.pulseplane.store.Device;
import io.pulseplane.store.Patient;
import io.pulseplane.store.edge.EdgeStore;
import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.PlaneException;
import io.pulseplane.vitals.Reading;
import io.pulseplane.vitals.Series;
import io.pulseplane.vitals.Subject;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LatestQueryTest {

    private static final Series HEART_RATE_OF_ADA = series("ada", "d1", HEART_RATE);
    private static final Series RESPIRATION_OF_ADA = series("ada", "d2", RESPIRATORY_RATE);
    private static final SeriesSelector OF_ADA = new SeriesSelector(ADA, Set.of());

    private final RecordingStore store = new RecordingStore();
    private final LatestCache cache = new LatestCache(1 << 20);
    private final LatestQuery query = new LatestQuery(cache, store);

    private static SeriesSelector of(Subject subject, String... codes) {
        return new SeriesSelector(subject, Set.of(codes));
    }

    private List<Reading> ask(SeriesSelector selector) {
        return await(query.execute(selector));
    }

    private CompletableFuture<List<Reading>> begin(SeriesSelector selector) {
        return query.execute(selector).subscribeAsCompletionStage();
    }

    /** Stores the readings, then publishes them, as ingest does. */
    private void store(Columns columns) {
        appendAll(store, columns);
        cache.publish(columns);
    }

    @Nested
    class Answers {

        @Test
        void have_the_latest_of_each_code_in_the_order_of_codes() {
            store(columns(HEART_RATE_OF_ADA, times(10, 30), 60, 62));
            store(columns(series("ada", "d2", HEART_RATE), times(20, 25), 70, 71));
            store(oneReading(RESPIRATION_OF_ADA, 5, 14));
            store(oneReading(series("bob", "d1", HEART_RATE), 90, 99));
            assertThat(ask(OF_ADA))
                    .containsExactly(new Reading(HEART_RATE_OF_ADA, 30, 62), new Reading(RESPIRATION_OF_ADA, 5, 14));
            assertThat(ask(of(new Subject.OfDevice("d1"))))
                    .containsExactly(new Reading(series("bob", "d1", HEART_RATE), 90, 99));
        }

        @Test
        void have_the_device_that_sorts_first_for_one_microsecond() {
            store(oneReading(series("ada", "d2", HEART_RATE), 10, 70));
            store(oneReading(HEART_RATE_OF_ADA, 10, 60));
            assertThat(ask(OF_ADA)).containsExactly(new Reading(HEART_RATE_OF_ADA, 10, 60));
        }

        @Test
        void have_only_the_selected_codes() {
            store(oneReading(HEART_RATE_OF_ADA, 10, 60));
            store(oneReading(RESPIRATION_OF_ADA, 10, 14));
            store(oneReading(series("ada", "d1", OXYGEN_SATURATION), 10, 98));
            assertThat(ask(of(ADA, RESPIRATORY_RATE, OXYGEN_SATURATION, "1-1")))
                    .extracting(r -> r.series().code())
                    .containsExactly(OXYGEN_SATURATION, RESPIRATORY_RATE);
            assertThat(ask(of(ADA, "1-1"))).isEmpty();
            assertThat(ask(OF_ADA)).hasSize(3);
        }

        @Test
        void fail_for_an_unknown_subject_and_are_not_cached() {
            assertThatThrownBy(() -> ask(OF_ADA))
                    .isInstanceOf(PlaneException.NotFound.class)
                    .hasMessage("there is no such patient");
            assertThatThrownBy(() -> ask(of(new Subject.OfDevice("d1"))))
                    .isInstanceOf(PlaneException.NotFound.class)
                    .hasMessage("there is no such device");
            store(oneReading(HEART_RATE_OF_ADA, 10, 60));
            assertThat(ask(OF_ADA)).hasSize(1);
            assertThat(ask(of(new Subject.OfDevice("d1")))).hasSize(1);
        }

        @Test
        void are_empty_for_a_registered_subject_without_readings() {
            await(store.registry().putPatient(Patient.provisional("ada", 0)));
            await(store.registry().putDevice(Device.provisional("d1", 0)));
            assertThat(ask(OF_ADA)).isEmpty();
            assertThat(ask(of(new Subject.OfDevice("d1")))).isEmpty();
            store(oneReading(HEART_RATE_OF_ADA, 10, 60));
            assertThat(ask(OF_ADA)).hasSize(1);
        }
    }

    @Nested
    class CachedEntry {

        @Test
        void answers_from_the_second_query_on() {
            store(oneReading(HEART_RATE_OF_ADA, 10, 60));
            assertThat(query.cachedAnswer(OF_ADA)).isEmpty();
            ask(OF_ADA);
            ask(of(ADA, RESPIRATORY_RATE));
            assertThat(query.cachedAnswer(OF_ADA)).contains(List.of(new Reading(HEART_RATE_OF_ADA, 10, 60)));
            assertThat(query.cachedAnswer(of(ADA, RESPIRATORY_RATE))).contains(List.of());
            assertThat(store.latest()).containsExactly(ADA);
        }

        @Test
        void gets_published_readings() {
            store(oneReading(HEART_RATE_OF_ADA, 10, 60));
            ask(OF_ADA);
            store(oneReading(HEART_RATE_OF_ADA, 20, 61));
            store(oneReading(RESPIRATION_OF_ADA, 15, 14));
            assertThat(ask(OF_ADA))
                    .containsExactly(new Reading(HEART_RATE_OF_ADA, 20, 61), new Reading(RESPIRATION_OF_ADA, 15, 14));
            assertThat(store.latest()).hasSize(1);
        }

        @Test
        void answers_for_a_registered_subject_without_readings() {
            await(store.registry().putPatient(Patient.provisional("ada", 0)));
            ask(OF_ADA);
            assertThat(query.cachedAnswer(OF_ADA)).contains(List.of());
            ask(OF_ADA);
            assertThat(store.latest()).hasSize(1);
        }

        @Test
        void keeps_no_entry_of_an_unknown_subject() {
            var entry = cache.entry(ADA);
            assertThatThrownBy(() -> ask(OF_ADA)).isInstanceOf(PlaneException.NotFound.class);
            assertThat(query.cachedAnswer(OF_ADA)).isEmpty();
            assertThatThrownBy(() -> ask(OF_ADA)).isInstanceOf(PlaneException.NotFound.class);
            assertThat(cache.entry(ADA)).isNotSameAs(entry);
            assertThat(store.latest()).hasSize(2);
        }

        @Test
        void does_not_keep_a_failed_answer() {
            store(oneReading(HEART_RATE_OF_ADA, 10, 60));
            store.close();
            assertThatThrownBy(() -> ask(OF_ADA)).isInstanceOf(PlaneException.Unavailable.class);
            assertThat(query.cachedAnswer(OF_ADA)).isEmpty();
        }
    }

    @Nested
    class ConcurrentQueries {

        @Test
        void concurrent_queries_share_one_read_of_the_store() {
            store(oneReading(HEART_RATE_OF_ADA, 10, 60));
            store(oneReading(RESPIRATION_OF_ADA, 10, 14));
            store.pause();
            var answers = List.of(begin(OF_ADA), begin(of(ADA, HEART_RATE)), begin(OF_ADA));
            assertThat(answers).noneMatch(CompletableFuture::isDone);
            store.resume();
            assertThat(answers).allMatch(CompletableFuture::isDone);
            assertThat(answers).extracting(a -> a.join().size()).containsExactly(2, 1, 2);
            assertThat(store.latest()).containsExactly(ADA);
        }

        @Test
        void a_cancelled_query_does_not_affect_the_others() {
            store(oneReading(HEART_RATE_OF_ADA, 10, 60));
            store.pause();
            var leaving = query.execute(OF_ADA).subscribe().with(_ -> {});
            var staying = begin(OF_ADA);
            leaving.cancel();
            store.resume();
            assertThat(staying).isCompletedWithValue(List.of(new Reading(HEART_RATE_OF_ADA, 10, 60)));
            assertThat(store.latest()).hasSize(1);
        }

        @Test
        void readings_published_during_the_read_are_not_lost() {
            store(oneReading(HEART_RATE_OF_ADA, 10, 60));
            store.pause();
            var answer = begin(OF_ADA);
            store(oneReading(HEART_RATE_OF_ADA, 20, 61));
            store(oneReading(RESPIRATION_OF_ADA, 20, 14));
            store.resume();
            var latest = List.of(new Reading(HEART_RATE_OF_ADA, 20, 61), new Reading(RESPIRATION_OF_ADA, 20, 14));
            assertThat(answer).isCompletedWithValue(latest);
            assertThat(query.cachedAnswer(OF_ADA)).contains(latest);
        }

        @Test
        void a_first_reading_during_the_read_is_found() {
            store.pause();
            var answer = begin(OF_ADA);
            store(oneReading(HEART_RATE_OF_ADA, 10, 60));
            store.resume();
            assertThat(answer).isCompletedWithValue(List.of(new Reading(HEART_RATE_OF_ADA, 10, 60)));
        }

        /** The answer of the first query is complete, but not delivered; the second query must not get it. */
        @Test
        void a_query_after_an_acknowledgement_does_not_get_an_earlier_answer() {
            store.pause();
            var before = begin(OF_ADA);
            store.releaseHeld(); // There are no readings, so the query checks the registration, whose answer is held.
            store(oneReading(HEART_RATE_OF_ADA, 10, 60));
            var after = begin(OF_ADA);
            store.releaseHeld();
            store.resume();
            assertThat(before).isDone();
            assertThat(after).isCompletedWithValue(List.of(new Reading(HEART_RATE_OF_ADA, 10, 60)));
        }

        @Test
        void a_query_after_an_acknowledgement_is_right_even_after_an_eviction() {
            store(oneReading(HEART_RATE_OF_ADA, 10, 60));
            store.pause();
            var before = begin(OF_ADA);
            cache.evict(ADA, cache.entry(ADA));
            store(oneReading(HEART_RATE_OF_ADA, 20, 61));
            var after = begin(OF_ADA);
            store.resume();
            assertThat(before).isDone();
            assertThat(after).isCompletedWithValue(List.of(new Reading(HEART_RATE_OF_ADA, 20, 61)));
        }
    }

    /** Even with a small cache, a query after a write finds the written reading. */
    @Test
    void finds_its_own_writes_while_entries_are_evicted(@TempDir Path directory) throws Exception {
        var disk = EdgeStore.open(directory, 2, () -> 0);
        var smallCache = new LatestCache(1_200);
        var onDisk = new LatestQuery(smallCache, disk);
        var patients = Stream.of("p0", "p1", "p2", "p3", "p4")
                .map(Subject.OfPatient::new)
                .toList();
        ConcurrentTasks.run(
                () -> {
                    for (int i = 0; i < 300; i++) {
                        var patient = patients.get(i % patients.size());
                        var columns = oneReading(series(patient.id(), "d1", HEART_RATE), i, 60);
                        appendAll(disk, columns);
                        smallCache.publish(columns);
                        assertThat(await(onDisk.execute(of(patient))))
                                .containsExactly(ReadingFixtures.readingsOf(columns)
                                        .findFirst()
                                        .orElseThrow());
                    }
                },
                () -> queryInTurn(onDisk, patients),
                () -> queryInTurn(onDisk, patients.reversed()));
        disk.close();
    }

    private static void queryInTurn(LatestQuery query, List<Subject.OfPatient> patients) {
        for (int i = 0; i < 300; i++) {
            try {
                await(query.execute(of(patients.get(i % patients.size()))));
            } catch (PlaneException.NotFound _) {
                // Nothing of this patient is stored yet.
            }
        }
    }
}
