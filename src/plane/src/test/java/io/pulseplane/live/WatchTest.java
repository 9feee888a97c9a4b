package io.pulseplane.live;

import static io.pulseplane.ReadingFixtures.HEART_RATE;
import static io.pulseplane.ReadingFixtures.oneReading;
import static io.pulseplane.ReadingFixtures.regularColumns;
import static io.pulseplane.ReadingFixtures.series;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pulseplane.ConcurrentTasks;
import io.pulseplane.ReadingFixtures;
import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.PlaneException;
import io.pulseplane.vitals.Reading;
import io.pulseplane.vitals.Series;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WatchTest {

    private static final int MAX_READINGS = 10;
    private static final Series HEART_RATE_OF_ADA = series("ada", "d1", HEART_RATE);

    private final Watchers watchers = new Watchers(MAX_READINGS);
    private final Watch watch = watchers.watch(Set.of("ada"), Set.of());

    private void publish(long... times) {
        for (long time : times) {
            watchers.publish(reading(time));
        }
    }

    private static Columns reading(long time) {
        return oneReading(HEART_RATE_OF_ADA, time, 60);
    }

    private static List<Columns> readings(long... times) {
        return LongStream.of(times).mapToObj(WatchTest::reading).toList();
    }

    @Nested
    class Demand {

        @Test
        void is_not_exceeded() {
            var subscriber = VerifyingSubscriber.subscribeTo(watch, 2);
            publish(1, 2, 3, 4);
            assertThat(subscriber.items()).containsExactly(readings(1), readings(2));
        }

        @Test
        void puts_all_readings_since_the_last_item_into_the_next() {
            var subscriber = VerifyingSubscriber.subscribeTo(watch, 1);
            publish(1, 2, 3);
            subscriber.request(1);
            publish(4, 5);
            subscriber.request(1);
            assertThat(subscriber.items()).containsExactly(readings(1), readings(2, 3), readings(4, 5));
        }

        @Test
        void is_kept_while_there_are_no_readings() {
            var subscriber = VerifyingSubscriber.subscribeTo(watch, 1);
            subscriber.request(2);
            publish(1, 2, 3, 4);
            assertThat(subscriber.items()).containsExactly(readings(1), readings(2), readings(3));
        }

        @Test
        void that_is_unbounded_stays_unbounded() {
            var subscriber = VerifyingSubscriber.subscribeTo(watch, Long.MAX_VALUE);
            watch.offer(reading(1));
            subscriber.request(Long.MAX_VALUE - 1);
            publish(2, 3);
            assertThat(subscriber.columns()).isEqualTo(readings(1, 2, 3));
        }

        @Test
        void may_be_added_within_on_next() {
            var subscriber = VerifyingSubscriber.subscribeTo(watch, 1, self -> self.request(1));
            publish(1, 2, 3);
            assertThat(subscriber.items()).containsExactly(readings(1), readings(2), readings(3));
        }

        @ParameterizedTest
        @ValueSource(longs = {0, -1, Long.MIN_VALUE})
        void must_be_positive(long n) {
            var subscriber = VerifyingSubscriber.subscribeTo(watch, 0);
            subscriber.request(n);
            publish(1);
            assertThat(subscriber.items()).isEmpty();
            assertThat(subscriber.failure()).isInstanceOf(IllegalArgumentException.class);
            assertThat(watchers.watchedPatientCount()).isZero();
        }
    }

    @Nested
    class FallingBehind {

        @Test
        void starts_with_the_first_reading_beyond_the_bound() {
            var subscriber = VerifyingSubscriber.subscribeTo(watch, 0);
            publish(1, 2, 3, 4, 5, 6, 7, 8, 9, 10);
            assertThat(subscriber.failure()).isNull();
            assertThat(watchers.watchedPatientCount()).isEqualTo(1);
            publish(11);
            assertThat(subscriber.failure()).isInstanceOfSatisfying(PlaneException.ResourceExhausted.class, e -> {
                assertThat(e).hasMessageContaining("more than 10 readings behind");
                assertThat(e.retryAfter()).isPositive();
            });
        }

        @Test
        void counts_readings_and_not_columns() {
            var subscriber = VerifyingSubscriber.subscribeTo(watch, 0);
            watchers.publish(regularColumns(1, MAX_READINGS + 1, HEART_RATE_OF_ADA));
            assertThat(subscriber.failure()).isInstanceOf(PlaneException.ResourceExhausted.class);
        }

        @Test
        void ends_the_watch_and_removes_it_from_the_watchers() {
            var subscriber = VerifyingSubscriber.subscribeTo(watch, 0);
            watchers.publish(regularColumns(1, MAX_READINGS + 1, HEART_RATE_OF_ADA));
            assertThat(watchers.watchedPatientCount()).isZero();
            publish(20);
            subscriber.request(5);
            assertThat(subscriber.items()).isEmpty();
        }

        @Test
        void counts_readings_since_the_last_item() {
            var subscriber = VerifyingSubscriber.subscribeTo(watch, 0);
            for (int i = 0; i < 5; i++) {
                watchers.publish(regularColumns(1, MAX_READINGS, HEART_RATE_OF_ADA));
                subscriber.request(1);
            }
            assertThat(subscriber.failure()).isNull();
            assertThat(subscriber.readings()).hasSize(5 * MAX_READINGS);
        }

        @Test
        void does_not_happen_to_a_subscriber_with_demand_however_large_the_item() {
            var subscriber = VerifyingSubscriber.subscribeTo(watch, 1);
            watchers.publish(regularColumns(1, 100 * MAX_READINGS, HEART_RATE_OF_ADA));
            assertThat(subscriber.failure()).isNull();
            assertThat(subscriber.readings()).hasSize(100 * MAX_READINGS);
        }

        @Test
        void before_the_subscription_fails_the_subscriber_at_once() {
            watchers.publish(regularColumns(1, MAX_READINGS + 1, HEART_RATE_OF_ADA));
            var subscriber = VerifyingSubscriber.subscribeTo(watch, 0);
            assertThat(subscriber.failure()).isInstanceOf(PlaneException.ResourceExhausted.class);
            assertThat(watchers.watchedPatientCount()).isZero();
        }

        @Test
        void is_not_signalled_before_on_subscribe_returns() {
            var subscribed = new AtomicBoolean();
            var subscribedWhenFailed = new AtomicBoolean();
            watch.subscribe(new Flow.Subscriber<>() {
                @Override
                public void onSubscribe(Flow.Subscription subscription) {
                    watchers.publish(regularColumns(1, MAX_READINGS + 1, HEART_RATE_OF_ADA));
                    subscribed.set(true);
                }

                @Override
                public void onNext(List<Columns> item) {}

                @Override
                public void onError(Throwable failure) {
                    subscribedWhenFailed.set(subscribed.get());
                }

                @Override
                public void onComplete() {}
            });
            assertThat(subscribedWhenFailed).isTrue();
            assertThat(watchers.watchedPatientCount()).isZero();
        }

        /** The bound also applies while the subscriber handles an item, even if its demand is unbounded. */
        @Test
        void happens_to_a_slow_subscriber_with_unbounded_demand() throws Exception {
            var itemStarted = new CountDownLatch(1);
            var published = new CountDownLatch(1);
            var asserted = new AtomicBoolean();
            ConcurrentTasks.run(
                    () -> {
                        watch.offer(reading(0));
                        var slow = VerifyingSubscriber.subscribeTo(watch, Long.MAX_VALUE, _ -> {
                            itemStarted.countDown();
                            awaitQuietly(published);
                        });
                        assertThat(slow.failure()).isInstanceOf(PlaneException.ResourceExhausted.class);
                        assertThat(slow.columns()).isEqualTo(readings(0));
                        asserted.set(true);
                    },
                    () -> {
                        awaitQuietly(itemStarted);
                        publish(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11);
                        published.countDown();
                    });
            assertThat(asserted).isTrue();
            assertThat(watchers.watchedPatientCount()).isZero();
        }
    }

    @Nested
    class Ending {

        @Test
        void by_cancellation_emits_nothing_more_and_removes_the_watch() {
            var subscriber = VerifyingSubscriber.subscribeTo(watch, 1);
            publish(1, 2);
            subscriber.cancel();
            publish(3);
            subscriber.request(5);
            assertThat(subscriber.columns()).isEqualTo(readings(1));
            assertThat(subscriber.failure()).isNull();
            assertThat(watchers.watchedPatientCount()).isZero();
        }

        @Test
        void may_be_requested_twice() {
            var subscriber = VerifyingSubscriber.subscribeTo(watch, 1);
            subscriber.cancel();
            subscriber.cancel();
            assertThat(watchers.watchedPatientCount()).isZero();
        }

        @Test
        void may_be_requested_within_on_next() {
            var subscriber = VerifyingSubscriber.subscribeTo(watch, 5, VerifyingSubscriber::cancel);
            publish(1, 2);
            assertThat(subscriber.columns()).isEqualTo(readings(1));
            assertThat(watchers.watchedPatientCount()).isZero();
        }

        /** The publishing thread goes on to acknowledge batches, so a failing subscriber must not stop it. */
        @Test
        void happens_to_a_failing_subscriber_without_a_failure_of_the_publisher() {
            var subscriber = VerifyingSubscriber.subscribeTo(watch, 5, _ -> {
                throw new IllegalStateException("the call was closed");
            });
            publish(1, 2);
            assertThat(subscriber.columns()).isEqualTo(readings(1));
            assertThat(watchers.watchedPatientCount()).isZero();
        }
    }

    @Test
    void has_one_subscriber() {
        var subscriber = VerifyingSubscriber.subscribeTo(watch, 5);
        assertThatThrownBy(() -> VerifyingSubscriber.subscribeTo(watch, 5)).isInstanceOf(IllegalStateException.class);
        publish(1);
        assertThat(subscriber.columns()).isEqualTo(readings(1));
    }

    @Test
    void emits_each_reading_once_while_several_threads_publish() throws Exception {
        int perThread = 20_000;
        int requests = 500;
        for (int round = 0; round < 5; round++) {
            var busy = new Watchers(2 * perThread).watch(Set.of("ada"), Set.of());
            var subscriber = VerifyingSubscriber.subscribeTo(busy, 0);
            ConcurrentTasks.run(
                    () -> offer(busy, "d1", perThread),
                    () -> offer(busy, "d2", perThread),
                    () -> request(subscriber, requests),
                    () -> request(subscriber, requests));
            assertThat(subscriber.items()).hasSizeLessThanOrEqualTo(2 * requests);
            subscriber.request(1);

            assertThat(subscriber.failure()).isNull();
            var timesByDevice = subscriber.readings().stream()
                    .collect(Collectors.groupingBy(
                            r -> r.series().device(), Collectors.mapping(Reading::time, Collectors.toList())));
            var expectedTimes = LongStream.range(0, perThread).boxed().toList();
            assertThat(timesByDevice).containsOnlyKeys("d1", "d2");
            assertThat(timesByDevice.get("d1")).isEqualTo(expectedTimes);
            assertThat(timesByDevice.get("d2")).isEqualTo(expectedTimes);
        }
    }

    private static void offer(Watch watch, String device, int count) {
        var series = series("ada", device, HEART_RATE);
        for (int i = 0; i < count; i++) {
            watch.offer(oneReading(series, i, 60));
        }
    }

    private static void request(VerifyingSubscriber subscriber, int count) {
        for (int i = 0; i < count; i++) {
            subscriber.request(1);
        }
    }

    /** With failures, cancellations and requests at the same time, a watch ends once, and no watch stays behind. */
    @Test
    void ends_exactly_once() throws Exception {
        for (int round = 0; round < 300; round++) {
            var crowded = new Watchers(MAX_READINGS);
            var subscriber = VerifyingSubscriber.subscribeTo(crowded.watch(Set.of("ada"), Set.of()), 1);
            boolean cancelled = round % 2 == 0;
            ConcurrentTasks.run(
                    () -> {
                        for (int i = 0; i < 200; i++) {
                            crowded.publish(reading(i));
                        }
                    },
                    () -> request(subscriber, 5),
                    () -> {
                        if (cancelled) {
                            subscriber.cancel();
                        }
                    });
            assertThat(crowded.watchedPatientCount()).isZero();
            if (!cancelled) {
                assertThat(subscriber.failure()).isInstanceOf(PlaneException.ResourceExhausted.class);
            }
            var times = subscriber.readings().stream().mapToLong(Reading::time).toArray();
            assertThat(times).containsExactly(LongStream.range(0, times.length).toArray());
        }
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            assertThat(latch.await(ReadingFixtures.TIMEOUT.toSeconds(), TimeUnit.SECONDS))
                    .isTrue();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
