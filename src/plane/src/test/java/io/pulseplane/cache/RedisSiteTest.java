package io.pulseplane.cache;

import static io.pulseplane.Readings.ADA;
import static io.pulseplane.Readings.BREATH;
import static io.pulseplane.Readings.PATIENCE;
import static io.pulseplane.Readings.PULSE;
import static io.pulseplane.Readings.keep;
import static io.pulseplane.Readings.one;
import static io.pulseplane.Readings.series;
import static io.pulseplane.cache.SharingPlane.settings;
import static io.pulseplane.cache.SharingPlane.untilSharing;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.pulseplane.Readings;
import io.pulseplane.cache.SiteEvents.Lookup;
import io.pulseplane.query.Question;
import io.pulseplane.vitals.Problem;
import io.pulseplane.vitals.Reading;
import io.pulseplane.vitals.Series;
import io.pulseplane.vitals.Subject;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** Two planes over one store, with a real Redis between them. */
class RedisSiteTest {

    private static final Series PULSE_OF_ADA = series("ada", "d1", PULSE);
    private static final Series BREATH_OF_ADA = series("ada", "d2", BREATH);
    private static final Subject D1 = new Subject.OfDevice("d1");

    private final Vertx vertx = Vertx.vertx();
    private final SlowStore store = new SlowStore();
    private RedisProcess redis;
    private SharingPlane one;
    private SharingPlane two;

    @BeforeEach
    void open() {
        redis = new RedisProcess();
        one = new SharingPlane(vertx, settings("one", redis), store);
        two = new SharingPlane(vertx, settings("two", redis), store);
    }

    @AfterEach
    void close() {
        redis.resume();
        one.close();
        two.close();
        redis.close();
        vertx.close().toCompletionStage().toCompletableFuture().join();
    }

    private static Reading reading(Series series, long time, double value) {
        return new Reading(series, time, value);
    }

    @Nested
    class Announcements {

        @Test
        void of_readings_are_what_the_other_plane_answers_next_without_asking_the_store() {
            untilSharing(one, two);
            one.put(one(PULSE_OF_ADA, 10, 60));
            assertThat(two.ask(ADA)).containsExactly(reading(PULSE_OF_ADA, 10, 60));
            int reads = store.latest().size();
            one.put(one(PULSE_OF_ADA, 20, 61));
            one.put(one(BREATH_OF_ADA, 15, 14));
            await().atMost(PATIENCE)
                    .until(() -> List.of(reading(PULSE_OF_ADA, 20, 61), reading(BREATH_OF_ADA, 15, 14))
                            .equals(two.now(ADA)));
            assertThat(store.latest()).hasSize(reads);
        }

        @Test
        void of_late_readings_do_not_put_an_older_one_over_a_newer_one() {
            untilSharing(one, two);
            one.put(one(PULSE_OF_ADA, 20, 61));
            two.ask(ADA);
            one.put(one(PULSE_OF_ADA, 10, 60));
            one.put(one(BREATH_OF_ADA, 15, 14));
            await().atMost(PATIENCE).until(() -> two.now(ADA).size() == 2);
            assertThat(two.now(ADA)).contains(reading(PULSE_OF_ADA, 20, 61));
        }

        @Test
        void of_consents_and_devices_reach_the_other_plane_and_not_the_one_that_made_them() {
            untilSharing(one, two);
            one.site.consentChanged("ada");
            one.site.deviceChanged("d1");
            await().atMost(PATIENCE).until(() -> two.consents.contains("ada") && two.devices.contains("d1"));
            assertThat(one.consents).isEmpty();
            assertThat(one.devices).isEmpty();
        }

        @Test
        void of_more_than_fits_into_one_message_all_arrive() {
            untilSharing(one, two);
            IntStream.range(0, 3_000).forEach(i -> one.site.consentChanged("p" + i));
            await().atMost(PATIENCE).until(() -> two.consents.size() == 3_000);
            assertThat(two.events.missed).hasValue(0);
        }

        @Test
        void are_said_before_a_plane_leaves_and_nobody_waits_for_it_then() {
            untilSharing(one, two);
            one.site.consentChanged("ada");
            one.close();
            await().atMost(PATIENCE).until(() -> two.consents.contains("ada") && two.site.planes() == 1);
            await().atMost(PATIENCE).until(two.site::isConfirmed);
            assertThat(two.events.missed).hasValue(0);
        }
    }

    @Nested
    class Doubt {

        @Test
        void when_redis_does_not_move_what_is_remembered_is_not_served_after_the_bound() {
            untilSharing(one, two);
            one.put(one(PULSE_OF_ADA, 10, 60));
            two.ask(ADA);
            redis.pause();
            one.put(one(PULSE_OF_ADA, 20, 61));
            await().atMost(PATIENCE).until(() -> two.now(ADA) == null);
            assertThat(two.ask(ADA)).containsExactly(reading(PULSE_OF_ADA, 20, 61));
        }

        @Test
        void when_redis_is_gone_answers_come_from_the_store_and_it_is_used_again_when_it_is_back() {
            untilSharing(one, two);
            one.put(one(PULSE_OF_ADA, 10, 60));
            two.ask(ADA);
            redis.kill();
            await().atMost(PATIENCE).until(() -> !two.site.isConfirmed());
            one.put(one(PULSE_OF_ADA, 20, 61));
            await().atMost(PATIENCE).until(() -> two.ask(ADA).equals(List.of(reading(PULSE_OF_ADA, 20, 61))));
            redis.start();
            untilSharing(one, two);
            one.put(one(PULSE_OF_ADA, 30, 62));
            await().atMost(PATIENCE).until(() -> two.ask(ADA).equals(List.of(reading(PULSE_OF_ADA, 30, 62))));
            int reads = store.latest().size();
            one.put(one(PULSE_OF_ADA, 40, 63));
            await().atMost(PATIENCE)
                    .until(() -> List.of(reading(PULSE_OF_ADA, 40, 63)).equals(two.now(ADA)));
            assertThat(store.latest()).hasSize(reads);
        }

        @Test
        void a_killed_subscription_is_made_again_and_what_was_remembered_before_is_not_believed() throws Exception {
            untilSharing(one, two);
            one.put(one(PULSE_OF_ADA, 10, 60));
            two.ask(ADA);
            int reads = store.latest().size();
            // Stored by a plane nobody heard of, as if its word had been lost.
            keep(store, one(PULSE_OF_ADA, 20, 61));
            redis.ask("CLIENT KILL TYPE pubsub");
            await().atMost(PATIENCE).until(() -> two.ask(ADA).equals(List.of(reading(PULSE_OF_ADA, 20, 61))));
            assertThat(store.latest().size()).isGreaterThan(reads);
            untilSharing(one, two);
        }

        @Test
        void is_told_again_and_again_for_as_long_as_it_lasts() {
            untilSharing(one, two);
            int before = two.doubts.get();
            redis.pause();
            await().atMost(PATIENCE).until(() -> two.doubts.get() >= before + 3);
        }

        @Test
        void a_plane_that_falls_silent_without_a_word_is_waited_for_until_another_run_of_it_is_heard() {
            untilSharing(one, two);
            var three = new SharingPlane(vertx, settings("three", redis), store);
            untilSharing(one, two, three);
            three.site.abandon();
            await().atMost(PATIENCE).until(() -> !two.site.isConfirmed());
            assertThat(two.site.planes()).isEqualTo(3);
            var again = new SharingPlane(vertx, settings("three", redis), store);
            untilSharing(one, two, again);
            again.close();
        }

        @Test
        void what_no_plane_of_this_site_said_is_counted_and_makes_doubt() throws Exception {
            untilSharing(one, two);
            one.put(one(PULSE_OF_ADA, 10, 60));
            two.ask(ADA);
            redis.ask("PUBLISH pulseplane:news nonsense");
            await().atMost(PATIENCE).until(() -> two.events.forged.get() == 1);
            assertThat(two.site.isConfirmed()).isFalse();
            untilSharing(one, two);
        }
    }

    @Nested
    class Values {

        @Test
        void that_one_plane_read_the_other_finds_in_redis() {
            untilSharing(one, two);
            keep(store, one(PULSE_OF_ADA, 10, 60));
            one.ask(ADA);
            await().atMost(PATIENCE).until(() -> {
                two.forget(ADA);
                two.ask(ADA);
                return two.events.count(Lookup.HIT) > 0;
            });
            assertThat(two.now(ADA)).containsExactly(reading(PULSE_OF_ADA, 10, 60));
        }

        @Test
        void of_a_patient_who_was_erased_are_served_by_nobody() {
            untilSharing(one, two);
            keep(store, one(PULSE_OF_ADA, 10, 60));
            one.ask(ADA);
            assertThat(two.ask(ADA)).containsExactly(reading(PULSE_OF_ADA, 10, 60));
            Readings.await(store.registry().erasePatient(PULSE_OF_ADA.patient()));
            one.site.patientErased(PULSE_OF_ADA.patient());
            one.forget(ADA);
            assertThatThrownBy(() -> one.ask(ADA)).isInstanceOf(Problem.NotFound.class);
            await().atMost(PATIENCE)
                    .untilAsserted(() -> assertThatThrownBy(() -> {
                                two.forget(ADA);
                                two.ask(ADA);
                            })
                            .isInstanceOf(Problem.NotFound.class));
        }

        @Test
        void in_redis_go_with_what_is_stored() {
            untilSharing(one, two);
            one.put(one(PULSE_OF_ADA, 10, 60));
            one.ask(ADA);
            one.ask(D1);
            for (int i = 1; i <= 50; i++) {
                var writer = i % 2 == 0 ? one : two;
                var reader = i % 2 == 0 ? two : one;
                writer.put(one(PULSE_OF_ADA, 10 + i, 60 + i));
                var latest = List.of(reading(PULSE_OF_ADA, 10 + i, 60 + i));
                await().atMost(PATIENCE)
                        .until(() -> latest.equals(reader.now(ADA))
                                || reader.ask(ADA).equals(latest));
                reader.forget(ADA);
                assertThat(reader.ask(ADA)).isEqualTo(latest);
            }
            assertThat(one.events.count(Lookup.HIT) + two.events.count(Lookup.HIT))
                    .isPositive();
        }

        /** The answer to the first question was found before the write, and arrives after it. */
        @Test
        void read_before_a_write_are_not_put_over_it() {
            untilSharing(one, two);
            keep(store, one(PULSE_OF_ADA, 10, 60));
            store.hold();
            var before = two.query.ask(new Question(ADA, Set.of())).subscribeAsCompletionStage();
            await().atMost(PATIENCE).until(() -> store.latest().size() == 1);
            int heard = two.events.heard.get();
            one.put(one(PULSE_OF_ADA, 20, 61));
            await().atMost(PATIENCE).until(() -> two.events.heard.get() > heard + 2);
            store.tell();
            before.join();
            for (var plane : List.of(one, two)) {
                plane.forget(ADA);
                assertThat(plane.ask(ADA)).containsExactly(reading(PULSE_OF_ADA, 20, 61));
            }
        }

        @Test
        void are_asked_for_once_however_many_miss_them() {
            untilSharing(one, two);
            keep(store, one(PULSE_OF_ADA, 10, 60));
            store.hold();
            var asked = IntStream.range(0, 100)
                    .mapToObj(_ -> one.query.ask(new Question(ADA, Set.of())).subscribeAsCompletionStage())
                    .toList();
            await().atMost(PATIENCE).until(() -> !store.latest().isEmpty());
            store.tell();
            CompletableFuture.allOf(asked.toArray(CompletableFuture[]::new)).join();
            assertThat(store.latest()).containsExactly(ADA);
            assertThat(one.events.count(Lookup.MISS)).isEqualTo(1);
        }

        @Test
        void live_as_long_as_they_are_told_to() {
            two.close();
            two = new SharingPlane(vertx, SharingPlane.withTtl(settings("two", redis), Duration.ofMillis(300)), store);
            untilSharing(one, two);
            keep(store, one(PULSE_OF_ADA, 10, 60));
            two.ask(ADA);
            await().atMost(PATIENCE).until(() -> {
                one.forget(ADA);
                one.ask(ADA);
                return one.events.count(Lookup.HIT) > 0;
            });
            await().atMost(PATIENCE).until(() -> redis.ask("DBSIZE").startsWith(":0"));
        }

        @Test
        void are_not_waited_for_when_redis_does_not_answer() {
            untilSharing(one, two);
            keep(store, one(PULSE_OF_ADA, 10, 60));
            redis.pause();
            assertThat(one.ask(ADA)).containsExactly(reading(PULSE_OF_ADA, 10, 60));
            assertThat(one.events.count(Lookup.FAILED)).isEqualTo(1);
        }

        @Test
        void are_not_asked_for_while_redis_fails_and_are_again_when_it_does_not() {
            // More than go into as many commands as the circuit breaker looks at.
            var stored = IntStream.range(0, 64 * 21)
                    .mapToObj(i -> reading(series("p" + i, "d" + i, PULSE), 10, 60 + i % 40))
                    .toList();
            keep(
                    store,
                    stored.stream()
                            .map(reading -> one(reading.series(), reading.time(), reading.value()))
                            .toList());
            untilSharing(one, two);
            redis.pause();
            var answers = stored.stream()
                    .map(reading -> new Subject.OfPatient(reading.series().patient()))
                    .map(subject ->
                            one.query.ask(new Question(subject, Set.of())).subscribeAsCompletionStage())
                    .toList();
            assertThat(answers.stream()
                            .flatMap(answer -> answer.join().stream())
                            .toList())
                    .isEqualTo(stored);
            assertThat(one.events.breakers).contains("READS OPEN");
            assertThat(one.events.interventions).contains("READS TIMEOUT");
            redis.resume();
            await().atMost(PATIENCE).until(() -> {
                one.forget(ADA);
                keep(store, one(PULSE_OF_ADA, 10, 60));
                one.ask(ADA);
                return one.events.breakers.contains("READS CLOSED");
            });
        }
    }
}
