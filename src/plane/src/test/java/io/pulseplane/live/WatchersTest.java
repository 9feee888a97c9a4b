package io.pulseplane.live;

import static io.pulseplane.ReadingFixtures.HEART_RATE;
import static io.pulseplane.ReadingFixtures.OXYGEN_SATURATION;
import static io.pulseplane.ReadingFixtures.RESPIRATORY_RATE;
import static io.pulseplane.ReadingFixtures.oneReading;
import static io.pulseplane.ReadingFixtures.series;
import static org.assertj.core.api.Assertions.assertThat;

import io.pulseplane.ConcurrentTasks;
import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.PlaneException;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class WatchersTest {

    private static final Columns HEART_RATE_OF_ADA = oneReading(series("ada", "d1", HEART_RATE), 10, 60);
    private static final Columns RESPIRATION_OF_ADA = oneReading(series("ada", "d2", RESPIRATORY_RATE), 11, 14);
    private static final Columns HEART_RATE_OF_BOB = oneReading(series("bob", "d3", HEART_RATE), 12, 70);
    private static final Columns OXYGEN_SATURATION_OF_BOB = oneReading(series("bob", "d3", OXYGEN_SATURATION), 13, 98);

    private final Watchers watchers = new Watchers(1_000);

    private void publishAll() {
        watchers.publish(HEART_RATE_OF_ADA);
        watchers.publish(RESPIRATION_OF_ADA);
        watchers.publish(HEART_RATE_OF_BOB);
        watchers.publish(OXYGEN_SATURATION_OF_BOB);
    }

    @Test
    void publishes_readings_of_the_watched_patient_only() {
        var subscriber = VerifyingSubscriber.subscribeTo(watchers.watch(Set.of("ada"), Set.of()), 10);
        publishAll();
        assertThat(subscriber.columns()).containsExactly(HEART_RATE_OF_ADA, RESPIRATION_OF_ADA);
    }

    @Test
    void publishes_readings_of_several_patients_in_order() {
        var subscriber = VerifyingSubscriber.subscribeTo(watchers.watch(Set.of("bob", "ada", "cleo"), Set.of()), 10);
        publishAll();
        assertThat(subscriber.columns())
                .containsExactly(HEART_RATE_OF_ADA, RESPIRATION_OF_ADA, HEART_RATE_OF_BOB, OXYGEN_SATURATION_OF_BOB);
    }

    @Test
    void publishes_readings_of_the_watched_codes_only() {
        var subscriber = VerifyingSubscriber.subscribeTo(
                watchers.watch(Set.of("ada", "bob"), Set.of(HEART_RATE, OXYGEN_SATURATION)), 10);
        publishAll();
        assertThat(subscriber.columns())
                .containsExactly(HEART_RATE_OF_ADA, HEART_RATE_OF_BOB, OXYGEN_SATURATION_OF_BOB);
    }

    @Test
    void publishes_to_every_watcher() {
        var allCodes = VerifyingSubscriber.subscribeTo(watchers.watch(Set.of("ada"), Set.of()), 10);
        var respiration =
                VerifyingSubscriber.subscribeTo(watchers.watch(Set.of("ada", "bob"), Set.of(RESPIRATORY_RATE)), 10);
        var subscribedLater = watchers.watch(Set.of("bob"), Set.of());
        publishAll();
        assertThat(allCodes.columns()).containsExactly(HEART_RATE_OF_ADA, RESPIRATION_OF_ADA);
        assertThat(respiration.columns()).containsExactly(RESPIRATION_OF_ADA);
        assertThat(VerifyingSubscriber.subscribeTo(subscribedLater, 1).columns())
                .containsExactly(HEART_RATE_OF_BOB, OXYGEN_SATURATION_OF_BOB);
    }

    @Test
    void does_not_publish_readings_from_before_the_watch() {
        publishAll();
        assertThat(VerifyingSubscriber.subscribeTo(watchers.watch(Set.of("ada"), Set.of()), 10)
                        .items())
                .isEmpty();
    }

    @Test
    void counts_a_patient_once_for_all_watchers() {
        var first = VerifyingSubscriber.subscribeTo(watchers.watch(Set.of("ada", "bob"), Set.of()), 1);
        var second = VerifyingSubscriber.subscribeTo(watchers.watch(Set.of("ada"), Set.of(HEART_RATE)), 1);
        assertThat(watchers.watchedPatientCount()).isEqualTo(2);
        first.cancel();
        assertThat(watchers.watchedPatientCount()).isEqualTo(1);
        second.cancel();
        assertThat(watchers.watchedPatientCount()).isZero();
    }

    @Test
    void other_watchers_continue_when_one_cancels() {
        var cancelled = VerifyingSubscriber.subscribeTo(watchers.watch(Set.of("ada"), Set.of()), 10);
        var remaining = VerifyingSubscriber.subscribeTo(watchers.watch(Set.of("ada"), Set.of()), 10);
        cancelled.cancel();
        publishAll();
        assertThat(cancelled.items()).isEmpty();
        assertThat(remaining.columns()).containsExactly(HEART_RATE_OF_ADA, RESPIRATION_OF_ADA);
    }

    @Test
    void copies_the_sets_of_the_caller() {
        var patients = new HashSet<>(Set.of("ada"));
        var codes = new HashSet<>(Set.of(HEART_RATE));
        var subscriber = VerifyingSubscriber.subscribeTo(watchers.watch(patients, codes), 10);
        patients.clear();
        codes.add(RESPIRATORY_RATE);
        publishAll();
        assertThat(subscriber.columns()).containsExactly(HEART_RATE_OF_ADA);
        subscriber.cancel();
        assertThat(watchers.watchedPatientCount()).isZero();
    }

    @Test
    void only_the_slow_watcher_fails() {
        var bounded = new Watchers(3);
        var slow = VerifyingSubscriber.subscribeTo(bounded.watch(Set.of("ada", "bob"), Set.of()), 0);
        var quick = VerifyingSubscriber.subscribeTo(bounded.watch(Set.of("ada"), Set.of()), Long.MAX_VALUE);
        for (int i = 0; i < 10; i++) {
            bounded.publish(oneReading(series("ada", "d1", HEART_RATE), i, 60));
        }
        assertThat(slow.failure()).isNotNull();
        assertThat(quick.failure()).isNull();
        assertThat(quick.readings()).hasSize(10);
        assertThat(bounded.watchedPatientCount()).isEqualTo(1);
    }

    @Test
    void a_watcher_without_memory_for_what_waits_fails_and_gives_back_what_it_had() {
        var held = new AtomicLong();
        PendingMemory memory = bytes -> {
            if (bytes > 1_000) {
                throw new PlaneException.ResourceExhausted("no room", Duration.ofSeconds(1));
            }
            held.set(bytes);
        };
        var slow = VerifyingSubscriber.subscribeTo(watchers.watch(Set.of("ada"), Set.of(), memory), 1);
        for (int i = 0; i < 3; i++) {
            watchers.publish(oneReading(series("ada", "d1", HEART_RATE), i, 60));
        }
        assertThat(held.get()).as("two batches that wait").isBetween(2 * 16L, 1_000L);
        slow.request(1);
        assertThat(held).as("nothing waits").hasValue(0);
        for (int i = 0; i < 1_000; i++) {
            watchers.publish(oneReading(series("ada", "d1", HEART_RATE), i, 60));
        }
        assertThat(slow.failure()).isInstanceOf(PlaneException.ResourceExhausted.class);
        assertThat(watchers.watchedPatientCount()).isZero();
    }

    /** Other watchers subscribe and cancel on their own threads; one that stays receives all readings. */
    @Test
    void watchers_may_subscribe_and_cancel_while_readings_arrive() throws Exception {
        var many = new Watchers(1_000_000);
        var remaining = VerifyingSubscriber.subscribeTo(many.watch(Set.of("p0", "p1", "p2"), Set.of()), Long.MAX_VALUE);
        ConcurrentTasks.run(
                () -> {
                    for (int i = 0; i < 30_000; i++) {
                        many.publish(oneReading(series("p" + i % 3, "d1", HEART_RATE), i, 60));
                    }
                },
                () -> subscribeAndCancel(many, "p0"),
                () -> subscribeAndCancel(many, "p1"));
        var times = remaining.readings().stream().mapToLong(r -> r.time()).toArray();
        assertThat(times)
                .containsExactly(IntStream.range(0, 30_000).asLongStream().toArray());
        remaining.cancel();
        assertThat(many.watchedPatientCount()).isZero();
    }

    private static void subscribeAndCancel(Watchers watchers, String patient) {
        for (int i = 0; i < 3_000; i++) {
            var subscriber =
                    VerifyingSubscriber.subscribeTo(watchers.watch(Set.of(patient, "p2", "q" + i), Set.of()), i % 3);
            assertThat(subscriber.failure()).isNull();
            subscriber.cancel();
        }
    }
}
