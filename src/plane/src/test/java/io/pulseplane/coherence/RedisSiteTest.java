package io.pulseplane.coherence;

import static io.pulseplane.ReadingFixtures.ADA;
import static io.pulseplane.ReadingFixtures.HEART_RATE;
import static io.pulseplane.ReadingFixtures.RESPIRATORY_RATE;
import static io.pulseplane.ReadingFixtures.TIMEOUT;
import static io.pulseplane.ReadingFixtures.appendAll;
import static io.pulseplane.ReadingFixtures.oneReading;
import static io.pulseplane.ReadingFixtures.series;
import static io.pulseplane.coherence.SitePlane.awaitSharing;
import static io.pulseplane.coherence.SitePlane.settings;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.pulseplane.ReadingFixtures;
import io.pulseplane.coherence.SiteEvents.LookupOutcome;
import io.pulseplane.query.SeriesSelector;
import io.pulseplane.vitals.PlaneException;
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

/** Two planes that share a store and a real Redis. */
class RedisSiteTest {

    private static final Series PULSE_OF_ADA = series("ada", "d1", HEART_RATE);
    private static final Series BREATH_OF_ADA = series("ada", "d2", RESPIRATORY_RATE);
    private static final Subject D1 = new Subject.OfDevice("d1");

    private final Vertx vertx = Vertx.vertx();
    private final PausableStore store = new PausableStore();
    private RedisProcess redis;
    private SitePlane one;
    private SitePlane two;

    @BeforeEach
    void open() {
        redis = new RedisProcess();
        one = new SitePlane(vertx, settings("one", redis), store);
        two = new SitePlane(vertx, settings("two", redis), store);
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
        void of_readings_are_served_by_the_other_plane_without_a_query_of_the_store() {
            awaitSharing(one, two);
            one.put(oneReading(PULSE_OF_ADA, 10, 60));
            assertThat(two.ask(ADA)).containsExactly(reading(PULSE_OF_ADA, 10, 60));
            int reads = store.latest().size();
            one.put(oneReading(PULSE_OF_ADA, 20, 61));
            one.put(oneReading(BREATH_OF_ADA, 15, 14));
            await().atMost(TIMEOUT)
                    .until(() -> List.of(reading(PULSE_OF_ADA, 20, 61), reading(BREATH_OF_ADA, 15, 14))
                            .equals(two.now(ADA)));
            assertThat(store.latest()).hasSize(reads);
        }

        @Test
        void of_late_readings_do_not_replace_a_newer_reading() {
            awaitSharing(one, two);
            one.put(oneReading(PULSE_OF_ADA, 20, 61));
            two.ask(ADA);
            one.put(oneReading(PULSE_OF_ADA, 10, 60));
            one.put(oneReading(BREATH_OF_ADA, 15, 14));
            await().atMost(TIMEOUT).until(() -> two.now(ADA).size() == 2);
            assertThat(two.now(ADA)).contains(reading(PULSE_OF_ADA, 20, 61));
        }

        @Test
        void of_consents_and_devices_reach_the_other_plane_and_not_the_one_that_made_them() {
            awaitSharing(one, two);
            one.site.consentChanged("ada");
            one.site.deviceChanged("d1");
            await().atMost(TIMEOUT).until(() -> two.consents.contains("ada") && two.devices.contains("d1"));
            assertThat(one.consents).isEmpty();
            assertThat(one.devices).isEmpty();
        }

        @Test
        void of_more_than_fits_into_one_message_all_arrive() {
            awaitSharing(one, two);
            IntStream.range(0, 3_000).forEach(i -> one.site.consentChanged("p" + i));
            await().atMost(TIMEOUT).until(() -> two.consents.size() == 3_000);
            assertThat(two.events.missed).hasValue(0);
        }

        @Test
        void are_sent_before_a_plane_closes_and_nobody_waits_for_it_afterwards() {
            awaitSharing(one, two);
            one.site.consentChanged("ada");
            one.close();
            await().atMost(TIMEOUT).until(() -> two.consents.contains("ada") && two.site.planeCount() == 1);
            await().atMost(TIMEOUT).until(two.site::isConfirmed);
            assertThat(two.events.missed).hasValue(0);
        }
    }

    @Nested
    class MissingChanges {

        @Test
        void while_redis_is_paused_data_in_memory_are_not_served_after_the_bound() {
            awaitSharing(one, two);
            one.put(oneReading(PULSE_OF_ADA, 10, 60));
            two.ask(ADA);
            redis.pause();
            one.put(oneReading(PULSE_OF_ADA, 20, 61));
            await().atMost(TIMEOUT).until(() -> two.now(ADA) == null);
            assertThat(two.ask(ADA)).containsExactly(reading(PULSE_OF_ADA, 20, 61));
        }

        @Test
        void while_redis_is_gone_answers_come_from_the_store_and_redis_is_used_again_afterwards() {
            awaitSharing(one, two);
            one.put(oneReading(PULSE_OF_ADA, 10, 60));
            two.ask(ADA);
            redis.kill();
            await().atMost(TIMEOUT).until(() -> !two.site.isConfirmed());
            one.put(oneReading(PULSE_OF_ADA, 20, 61));
            await().atMost(TIMEOUT).until(() -> two.ask(ADA).equals(List.of(reading(PULSE_OF_ADA, 20, 61))));
            redis.start();
            awaitSharing(one, two);
            one.put(oneReading(PULSE_OF_ADA, 30, 62));
            await().atMost(TIMEOUT).until(() -> two.ask(ADA).equals(List.of(reading(PULSE_OF_ADA, 30, 62))));
            int reads = store.latest().size();
            one.put(oneReading(PULSE_OF_ADA, 40, 63));
            await().atMost(TIMEOUT)
                    .until(() -> List.of(reading(PULSE_OF_ADA, 40, 63)).equals(two.now(ADA)));
            assertThat(store.latest()).hasSize(reads);
        }

        @Test
        void a_killed_subscription_is_made_again_and_data_from_before_are_not_trusted() throws Exception {
            awaitSharing(one, two);
            one.put(oneReading(PULSE_OF_ADA, 10, 60));
            two.ask(ADA);
            int reads = store.latest().size();
            // Stored without an announcement, as if its message had been lost.
            appendAll(store, oneReading(PULSE_OF_ADA, 20, 61));
            redis.send("CLIENT KILL TYPE pubsub");
            await().atMost(TIMEOUT).until(() -> two.ask(ADA).equals(List.of(reading(PULSE_OF_ADA, 20, 61))));
            assertThat(store.latest().size()).isGreaterThan(reads);
            awaitSharing(one, two);
        }

        @Test
        void is_reported_repeatedly_while_it_lasts() {
            awaitSharing(one, two);
            int before = two.missingReports.get();
            redis.pause();
            await().atMost(TIMEOUT).until(() -> two.missingReports.get() >= before + 3);
        }

        @Test
        void a_silent_plane_is_waited_for_until_another_run_of_it_appears() {
            awaitSharing(one, two);
            var three = new SitePlane(vertx, settings("three", redis), store);
            awaitSharing(one, two, three);
            three.site.closeSilently();
            await().atMost(TIMEOUT).until(() -> !two.site.isConfirmed());
            assertThat(two.site.planeCount()).isEqualTo(3);
            var again = new SitePlane(vertx, settings("three", redis), store);
            awaitSharing(one, two, again);
            again.close();
        }

        @Test
        void a_forged_message_is_counted_and_revokes_the_confirmation() throws Exception {
            awaitSharing(one, two);
            one.put(oneReading(PULSE_OF_ADA, 10, 60));
            two.ask(ADA);
            redis.send("PUBLISH pulseplane:news nonsense");
            await().atMost(TIMEOUT).until(() -> two.events.forged.get() == 1);
            assertThat(two.site.isConfirmed()).isFalse();
            awaitSharing(one, two);
        }
    }

    @Nested
    class Values {

        @Test
        void that_one_plane_read_are_found_in_redis_by_the_other() {
            awaitSharing(one, two);
            appendAll(store, oneReading(PULSE_OF_ADA, 10, 60));
            one.ask(ADA);
            await().atMost(TIMEOUT).until(() -> {
                two.forget(ADA);
                two.ask(ADA);
                return two.events.count(LookupOutcome.HIT) > 0;
            });
            assertThat(two.now(ADA)).containsExactly(reading(PULSE_OF_ADA, 10, 60));
        }

        @Test
        void of_an_erased_patient_are_served_by_no_plane() {
            awaitSharing(one, two);
            appendAll(store, oneReading(PULSE_OF_ADA, 10, 60));
            one.ask(ADA);
            assertThat(two.ask(ADA)).containsExactly(reading(PULSE_OF_ADA, 10, 60));
            ReadingFixtures.await(store.registry().erasePatient(PULSE_OF_ADA.patient()));
            one.site.patientErased(PULSE_OF_ADA.patient());
            one.forget(ADA);
            assertThatThrownBy(() -> one.ask(ADA)).isInstanceOf(PlaneException.NotFound.class);
            await().atMost(TIMEOUT)
                    .untilAsserted(() -> assertThatThrownBy(() -> {
                                two.forget(ADA);
                                two.ask(ADA);
                            })
                            .isInstanceOf(PlaneException.NotFound.class));
        }

        @Test
        void of_a_patient_whom_one_plane_erased_leave_the_memory_of_the_other() {
            awaitSharing(one, two);
            appendAll(store, oneReading(PULSE_OF_ADA, 10, 60));
            two.ask(ADA);
            two.ask(D1);
            assertThat(two.now(ADA)).isNotEmpty();
            assertThat(two.now(D1)).isNotEmpty();
            ReadingFixtures.await(store.registry().erasePatient(PULSE_OF_ADA.patient()));
            one.site.patientErased(PULSE_OF_ADA.patient());
            await().atMost(TIMEOUT).until(() -> two.now(ADA) == null && two.now(D1) == null);
        }

        @Test
        void in_redis_follow_the_store() {
            awaitSharing(one, two);
            one.put(oneReading(PULSE_OF_ADA, 10, 60));
            one.ask(ADA);
            one.ask(D1);
            for (int i = 1; i <= 50; i++) {
                var writer = i % 2 == 0 ? one : two;
                var reader = i % 2 == 0 ? two : one;
                writer.put(oneReading(PULSE_OF_ADA, 10 + i, 60 + i));
                var latest = List.of(reading(PULSE_OF_ADA, 10 + i, 60 + i));
                await().atMost(TIMEOUT)
                        .until(() -> latest.equals(reader.now(ADA))
                                || reader.ask(ADA).equals(latest));
                reader.forget(ADA);
                assertThat(reader.ask(ADA)).isEqualTo(latest);
            }
            assertThat(one.events.count(LookupOutcome.HIT) + two.events.count(LookupOutcome.HIT))
                    .isPositive();
        }

        /** The store reads the first result before the write, and the result arrives after it. */
        @Test
        void that_were_read_before_a_write_do_not_replace_it() {
            awaitSharing(one, two);
            appendAll(store, oneReading(PULSE_OF_ADA, 10, 60));
            store.holdAnswers();
            var before = two.query.execute(new SeriesSelector(ADA, Set.of())).subscribeAsCompletionStage();
            await().atMost(TIMEOUT).until(() -> store.latest().size() == 1);
            int received = two.events.received.get();
            one.put(oneReading(PULSE_OF_ADA, 20, 61));
            await().atMost(TIMEOUT).until(() -> two.events.received.get() > received + 2);
            store.releaseAnswers();
            before.join();
            for (var plane : List.of(one, two)) {
                plane.forget(ADA);
                assertThat(plane.ask(ADA)).containsExactly(reading(PULSE_OF_ADA, 20, 61));
            }
        }

        @Test
        void are_read_from_the_store_once_for_many_concurrent_misses() {
            awaitSharing(one, two);
            appendAll(store, oneReading(PULSE_OF_ADA, 10, 60));
            store.holdAnswers();
            var queries = IntStream.range(0, 100)
                    .mapToObj(_ ->
                            one.query.execute(new SeriesSelector(ADA, Set.of())).subscribeAsCompletionStage())
                    .toList();
            await().atMost(TIMEOUT).until(() -> !store.latest().isEmpty());
            store.releaseAnswers();
            CompletableFuture.allOf(queries.toArray(CompletableFuture[]::new)).join();
            assertThat(store.latest()).containsExactly(ADA);
            assertThat(one.events.count(LookupOutcome.MISS)).isEqualTo(1);
        }

        @Test
        void expire_after_their_ttl() {
            two.close();
            two = new SitePlane(vertx, SitePlane.withTtl(settings("two", redis), Duration.ofMillis(300)), store);
            awaitSharing(one, two);
            appendAll(store, oneReading(PULSE_OF_ADA, 10, 60));
            two.ask(ADA);
            await().atMost(TIMEOUT).until(() -> {
                one.forget(ADA);
                one.ask(ADA);
                return one.events.count(LookupOutcome.HIT) > 0;
            });
            await().atMost(TIMEOUT).until(() -> redis.send("DBSIZE").startsWith(":0"));
        }

        @Test
        void are_read_from_the_store_when_redis_does_not_reply() {
            awaitSharing(one, two);
            appendAll(store, oneReading(PULSE_OF_ADA, 10, 60));
            redis.pause();
            assertThat(one.ask(ADA)).containsExactly(reading(PULSE_OF_ADA, 10, 60));
            assertThat(one.events.count(LookupOutcome.FAILED)).isEqualTo(1);
        }

        @Test
        void are_not_read_from_redis_while_the_circuit_breaker_is_open() {
            // Needs more commands than the circuit breaker evaluates.
            var stored = IntStream.range(0, 64 * 21)
                    .mapToObj(i -> reading(series("p" + i, "d" + i, HEART_RATE), 10, 60 + i % 40))
                    .toList();
            appendAll(
                    store,
                    stored.stream()
                            .map(reading -> oneReading(reading.series(), reading.time(), reading.value()))
                            .toList());
            awaitSharing(one, two);
            redis.pause();
            var answers = stored.stream()
                    .map(reading -> new Subject.OfPatient(reading.series().patient()))
                    .map(subject -> one.query
                            .execute(new SeriesSelector(subject, Set.of()))
                            .subscribeAsCompletionStage())
                    .toList();
            assertThat(answers.stream()
                            .flatMap(answer -> answer.join().stream())
                            .toList())
                    .isEqualTo(stored);
            assertThat(one.events.breakers).contains("READS OPEN");
            assertThat(one.events.interventions).contains("READS TIMEOUT");
            redis.resume();
            await().atMost(TIMEOUT).until(() -> {
                one.forget(ADA);
                appendAll(store, oneReading(PULSE_OF_ADA, 10, 60));
                one.ask(ADA);
                return one.events.breakers.contains("READS CLOSED");
            });
        }
    }
}
