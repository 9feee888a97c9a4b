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
    private final LatestCache values = new LatestCache(1 << 20);
    private final LatestQuery query = new LatestQuery(values, store);

    private static SeriesSelector of(Subject subject, String... codes) {
        return new SeriesSelector(subject, Set.of(codes));
    }

    private List<Reading> ask(SeriesSelector question) {
        return await(query.execute(question));
    }

    private CompletableFuture<List<Reading>> begin(SeriesSelector question) {
        return query.execute(question).subscribeAsCompletionStage();
    }

    /** As ingest does it: durable first, then known. */
    private void store(Columns columns) {
        appendAll(store, columns);
        values.publish(columns);
    }

    @Nested
    class Answers {

        @Test
        void give_the_latest_of_each_code_in_the_order_of_codes() {
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
        void of_one_microsecond_give_the_device_that_sorts_first() {
            store(oneReading(series("ada", "d2", HEART_RATE), 10, 70));
            store(oneReading(HEART_RATE_OF_ADA, 10, 60));
            assertThat(ask(OF_ADA)).containsExactly(new Reading(HEART_RATE_OF_ADA, 10, 60));
        }

        @Test
        void give_the_codes_that_were_asked_for() {
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
        void say_that_nobody_knows_the_subject_and_do_not_remember_it() {
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
        void are_empty_for_one_who_is_known_but_was_never_measured() {
            await(store.registry().putPatient(Patient.provisional("ada", 0)));
            await(store.registry().putDevice(Device.provisional("d1", 0)));
            assertThat(ask(OF_ADA)).isEmpty();
            assertThat(ask(of(new Subject.OfDevice("d1")))).isEmpty();
            store(oneReading(HEART_RATE_OF_ADA, 10, 60));
            assertThat(ask(OF_ADA)).hasSize(1);
        }
    }

    @Nested
    class Memory {

        @Test
        void answers_from_the_second_question_on() {
            store(oneReading(HEART_RATE_OF_ADA, 10, 60));
            assertThat(query.cachedAnswer(OF_ADA)).isEmpty();
            ask(OF_ADA);
            ask(of(ADA, RESPIRATORY_RATE));
            assertThat(query.cachedAnswer(OF_ADA)).contains(List.of(new Reading(HEART_RATE_OF_ADA, 10, 60)));
            assertThat(query.cachedAnswer(of(ADA, RESPIRATORY_RATE))).contains(List.of());
            assertThat(store.latest()).containsExactly(ADA);
        }

        @Test
        void hears_of_what_is_published() {
            store(oneReading(HEART_RATE_OF_ADA, 10, 60));
            ask(OF_ADA);
            store(oneReading(HEART_RATE_OF_ADA, 20, 61));
            store(oneReading(RESPIRATION_OF_ADA, 15, 14));
            assertThat(ask(OF_ADA))
                    .containsExactly(new Reading(HEART_RATE_OF_ADA, 20, 61), new Reading(RESPIRATION_OF_ADA, 15, 14));
            assertThat(store.latest()).hasSize(1);
        }

        @Test
        void answers_also_for_one_who_was_never_measured() {
            await(store.registry().putPatient(Patient.provisional("ada", 0)));
            ask(OF_ADA);
            assertThat(query.cachedAnswer(OF_ADA)).contains(List.of());
            ask(OF_ADA);
            assertThat(store.latest()).hasSize(1);
        }

        @Test
        void keeps_no_room_for_one_whom_nobody_knows() {
            var entry = values.entry(ADA);
            assertThatThrownBy(() -> ask(OF_ADA)).isInstanceOf(PlaneException.NotFound.class);
            assertThat(query.cachedAnswer(OF_ADA)).isEmpty();
            assertThatThrownBy(() -> ask(OF_ADA)).isInstanceOf(PlaneException.NotFound.class);
            assertThat(values.entry(ADA)).isNotSameAs(entry);
            assertThat(store.latest()).hasSize(2);
        }

        @Test
        void is_not_made_of_an_answer_that_failed() {
            store(oneReading(HEART_RATE_OF_ADA, 10, 60));
            store.close();
            assertThatThrownBy(() -> ask(OF_ADA)).isInstanceOf(PlaneException.Unavailable.class);
            assertThat(query.cachedAnswer(OF_ADA)).isEmpty();
        }
    }

    @Nested
    class AtTheSameTime {

        @Test
        void all_who_ask_share_one_question_to_the_store() {
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
        void one_who_leaves_does_not_take_the_answer_from_the_others() {
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
        void what_is_published_while_the_store_is_asked_is_not_lost() {
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
        void one_who_is_measured_for_the_first_time_while_the_store_is_asked_is_known() {
            store.pause();
            var answer = begin(OF_ADA);
            store(oneReading(HEART_RATE_OF_ADA, 10, 60));
            store.resume();
            assertThat(answer).isCompletedWithValue(List.of(new Reading(HEART_RATE_OF_ADA, 10, 60)));
        }

        /**
         * The first question has its answer already, only nobody has heard it; it must not be the answer to the second.
         */
        @Test
        void who_asks_after_an_acknowledgement_is_not_told_what_somebody_else_was_told_before() {
            store.pause();
            var before = begin(OF_ADA);
            store.releaseHeld(); // There are no readings; whether the patient is known is found out, and held.
            store(oneReading(HEART_RATE_OF_ADA, 10, 60));
            var after = begin(OF_ADA);
            store.releaseHeld();
            store.resume();
            assertThat(before).isDone();
            assertThat(after).isCompletedWithValue(List.of(new Reading(HEART_RATE_OF_ADA, 10, 60)));
        }

        @Test
        void who_asks_after_an_acknowledgement_is_answered_right_though_the_subject_was_forgotten_meanwhile() {
            store(oneReading(HEART_RATE_OF_ADA, 10, 60));
            store.pause();
            var before = begin(OF_ADA);
            values.evict(ADA, values.entry(ADA));
            store(oneReading(HEART_RATE_OF_ADA, 20, 61));
            var after = begin(OF_ADA);
            store.resume();
            assertThat(before).isDone();
            assertThat(after).isCompletedWithValue(List.of(new Reading(HEART_RATE_OF_ADA, 20, 61)));
        }
    }

    /** However few subjects are remembered: who has stored a reading finds it, or a later one. */
    @Test
    void reads_what_was_written_while_subjects_are_forgotten_all_the_time(@TempDir Path directory) throws Exception {
        var disk = EdgeStore.open(directory, 2, () -> 0);
        var few = new LatestCache(1_200);
        var onDisk = new LatestQuery(few, disk);
        var patients = Stream.of("p0", "p1", "p2", "p3", "p4")
                .map(Subject.OfPatient::new)
                .toList();
        ConcurrentTasks.run(
                () -> {
                    for (int i = 0; i < 300; i++) {
                        var patient = patients.get(i % patients.size());
                        var columns = oneReading(series(patient.id(), "d1", HEART_RATE), i, 60);
                        appendAll(disk, columns);
                        few.publish(columns);
                        assertThat(await(onDisk.execute(of(patient))))
                                .containsExactly(ReadingFixtures.readingsOf(columns)
                                        .findFirst()
                                        .orElseThrow());
                    }
                },
                () -> askInTurn(onDisk, patients),
                () -> askInTurn(onDisk, patients.reversed()));
        disk.close();
    }

    private static void askInTurn(LatestQuery query, List<Subject.OfPatient> patients) {
        for (int i = 0; i < 300; i++) {
            try {
                await(query.execute(of(patients.get(i % patients.size()))));
            } catch (PlaneException.NotFound _) {
                // Nothing of this patient is stored yet.
            }
        }
    }
}
