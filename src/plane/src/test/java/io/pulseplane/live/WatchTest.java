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
            var listener = VerifyingSubscriber.subscribeTo(watch, 2);
            publish(1, 2, 3, 4);
            assertThat(listener.items()).containsExactly(readings(1), readings(2));
        }

        @Test
        void puts_what_arrived_since_the_last_item_into_the_next() {
            var listener = VerifyingSubscriber.subscribeTo(watch, 1);
            publish(1, 2, 3);
            listener.request(1);
            publish(4, 5);
            listener.request(1);
            assertThat(listener.items()).containsExactly(readings(1), readings(2, 3), readings(4, 5));
        }

        @Test
        void is_remembered_while_there_is_nothing_to_tell() {
            var listener = VerifyingSubscriber.subscribeTo(watch, 1);
            listener.request(2);
            publish(1, 2, 3, 4);
            assertThat(listener.items()).containsExactly(readings(1), readings(2), readings(3));
        }

        @Test
        void without_end_stays_without_end() {
            var listener = VerifyingSubscriber.subscribeTo(watch, Long.MAX_VALUE);
            watch.offer(reading(1));
            listener.request(Long.MAX_VALUE - 1);
            publish(2, 3);
            assertThat(listener.columns()).isEqualTo(readings(1, 2, 3));
        }

        @Test
        void may_be_stated_while_an_item_is_handed_over() {
            var listener = VerifyingSubscriber.subscribeTo(watch, 1, l -> l.request(1));
            publish(1, 2, 3);
            assertThat(listener.items()).containsExactly(readings(1), readings(2), readings(3));
        }

        @ParameterizedTest
        @ValueSource(longs = {0, -1, Long.MIN_VALUE})
        void must_be_positive(long n) {
            var listener = VerifyingSubscriber.subscribeTo(watch, 0);
            listener.request(n);
            publish(1);
            assertThat(listener.items()).isEmpty();
            assertThat(listener.failure()).isInstanceOf(IllegalArgumentException.class);
            assertThat(watchers.watchedPatientCount()).isZero();
        }
    }

    @Nested
    class FallingBehind {

        @Test
        void begins_with_the_first_reading_beyond_the_bound() {
            var listener = VerifyingSubscriber.subscribeTo(watch, 0);
            publish(1, 2, 3, 4, 5, 6, 7, 8, 9, 10);
            assertThat(listener.failure()).isNull();
            assertThat(watchers.watchedPatientCount()).isEqualTo(1);
            publish(11);
            assertThat(listener.failure()).isInstanceOfSatisfying(PlaneException.ResourceExhausted.class, e -> {
                assertThat(e).hasMessageContaining("more than 10 readings behind");
                assertThat(e.retryAfter()).isPositive();
            });
        }

        @Test
        void counts_readings_and_not_columns() {
            var listener = VerifyingSubscriber.subscribeTo(watch, 0);
            watchers.publish(regularColumns(1, MAX_READINGS + 1, HEART_RATE_OF_ADA));
            assertThat(listener.failure()).isInstanceOf(PlaneException.ResourceExhausted.class);
        }

        @Test
        void ends_the_watch_and_takes_it_out_of_the_house() {
            var listener = VerifyingSubscriber.subscribeTo(watch, 0);
            watchers.publish(regularColumns(1, MAX_READINGS + 1, HEART_RATE_OF_ADA));
            assertThat(watchers.watchedPatientCount()).isZero();
            publish(20);
            listener.request(5);
            assertThat(listener.items()).isEmpty();
        }

        @Test
        void counts_from_the_last_item_on() {
            var listener = VerifyingSubscriber.subscribeTo(watch, 0);
            for (int i = 0; i < 5; i++) {
                watchers.publish(regularColumns(1, MAX_READINGS, HEART_RATE_OF_ADA));
                listener.request(1);
            }
            assertThat(listener.failure()).isNull();
            assertThat(listener.readings()).hasSize(5 * MAX_READINGS);
        }

        @Test
        void does_not_happen_to_one_who_waits_for_more_however_much_comes_at_once() {
            var listener = VerifyingSubscriber.subscribeTo(watch, 1);
            watchers.publish(regularColumns(1, 100 * MAX_READINGS, HEART_RATE_OF_ADA));
            assertThat(listener.failure()).isNull();
            assertThat(listener.readings()).hasSize(100 * MAX_READINGS);
        }

        @Test
        void before_there_is_a_subscriber_is_told_to_the_subscriber_at_once() {
            watchers.publish(regularColumns(1, MAX_READINGS + 1, HEART_RATE_OF_ADA));
            var listener = VerifyingSubscriber.subscribeTo(watch, 0);
            assertThat(listener.failure()).isInstanceOf(PlaneException.ResourceExhausted.class);
            assertThat(watchers.watchedPatientCount()).isZero();
        }

        @Test
        void is_not_told_before_the_subscription_has_been_handed_over() {
            var subscribed = new AtomicBoolean();
            var subscribedWhenTold = new AtomicBoolean();
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
                    subscribedWhenTold.set(subscribed.get());
                }

                @Override
                public void onComplete() {}
            });
            assertThat(subscribedWhenTold).isTrue();
            assertThat(watchers.watchedPatientCount()).isZero();
        }

        /** Demand without end is no promise to keep up: the bound holds while an item is still being handed over. */
        @Test
        void happens_to_one_who_asked_for_everything_but_takes_too_long_over_an_item() throws Exception {
            var handing = new CountDownLatch(1);
            var enough = new CountDownLatch(1);
            var told = new AtomicBoolean();
            ConcurrentTasks.run(
                    () -> {
                        watch.offer(reading(0));
                        var slow = VerifyingSubscriber.subscribeTo(watch, Long.MAX_VALUE, _ -> {
                            handing.countDown();
                            awaitQuietly(enough);
                        });
                        assertThat(slow.failure()).isInstanceOf(PlaneException.ResourceExhausted.class);
                        assertThat(slow.columns()).isEqualTo(readings(0));
                        told.set(true);
                    },
                    () -> {
                        awaitQuietly(handing);
                        publish(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11);
                        enough.countDown();
                    });
            assertThat(told).isTrue();
            assertThat(watchers.watchedPatientCount()).isZero();
        }
    }

    @Nested
    class Ending {

        @Test
        void by_cancelling_tells_nothing_more_and_leaves_nothing_behind() {
            var listener = VerifyingSubscriber.subscribeTo(watch, 1);
            publish(1, 2);
            listener.cancel();
            publish(3);
            listener.request(5);
            assertThat(listener.columns()).isEqualTo(readings(1));
            assertThat(listener.failure()).isNull();
            assertThat(watchers.watchedPatientCount()).isZero();
        }

        @Test
        void may_be_asked_for_twice() {
            var listener = VerifyingSubscriber.subscribeTo(watch, 1);
            listener.cancel();
            listener.cancel();
            assertThat(watchers.watchedPatientCount()).isZero();
        }

        @Test
        void may_be_asked_for_while_an_item_is_handed_over() {
            var listener = VerifyingSubscriber.subscribeTo(watch, 5, VerifyingSubscriber::cancel);
            publish(1, 2);
            assertThat(listener.columns()).isEqualTo(readings(1));
            assertThat(watchers.watchedPatientCount()).isZero();
        }

        /** Who publishes has acknowledgements to hand out next, and must not be stopped by one of those who listen. */
        @Test
        void happens_to_a_subscriber_that_fails_and_does_not_bother_the_one_who_publishes() {
            var listener = VerifyingSubscriber.subscribeTo(watch, 5, _ -> {
                throw new IllegalStateException("the call was closed");
            });
            publish(1, 2);
            assertThat(listener.columns()).isEqualTo(readings(1));
            assertThat(watchers.watchedPatientCount()).isZero();
        }
    }

    @Test
    void has_one_subscriber() {
        var listener = VerifyingSubscriber.subscribeTo(watch, 5);
        assertThatThrownBy(() -> VerifyingSubscriber.subscribeTo(watch, 5)).isInstanceOf(IllegalStateException.class);
        publish(1);
        assertThat(listener.columns()).isEqualTo(readings(1));
    }

    @Test
    void tells_each_reading_once_to_one_who_asks_while_several_publish() throws Exception {
        int perThread = 20_000;
        int requests = 500;
        for (int round = 0; round < 5; round++) {
            var busy = new Watchers(2 * perThread).watch(Set.of("ada"), Set.of());
            var listener = VerifyingSubscriber.subscribeTo(busy, 0);
            ConcurrentTasks.run(
                    () -> offer(busy, "d1", perThread),
                    () -> offer(busy, "d2", perThread),
                    () -> request(listener, requests),
                    () -> request(listener, requests));
            assertThat(listener.items()).hasSizeLessThanOrEqualTo(2 * requests);
            listener.request(1);

            assertThat(listener.failure()).isNull();
            var timesByDevice = listener.readings().stream()
                    .collect(Collectors.groupingBy(
                            r -> r.series().device(), Collectors.mapping(Reading::time, Collectors.toList())));
            var each = LongStream.range(0, perThread).boxed().toList();
            assertThat(timesByDevice).containsOnlyKeys("d1", "d2");
            assertThat(timesByDevice.get("d1")).isEqualTo(each);
            assertThat(timesByDevice.get("d2")).isEqualTo(each);
        }
    }

    private static void offer(Watch watch, String device, int count) {
        var series = series("ada", device, HEART_RATE);
        for (int i = 0; i < count; i++) {
            watch.offer(oneReading(series, i, 60));
        }
    }

    private static void request(VerifyingSubscriber listener, int count) {
        for (int i = 0; i < count; i++) {
            listener.request(1);
        }
    }

    /** Bounds, cancellations and requests at once: one end, told at most once, and nothing stays behind. */
    @Test
    void ends_once_whoever_ends_it() throws Exception {
        for (int round = 0; round < 300; round++) {
            var crowded = new Watchers(MAX_READINGS);
            var listener = VerifyingSubscriber.subscribeTo(crowded.watch(Set.of("ada"), Set.of()), 1);
            boolean cancelled = round % 2 == 0;
            ConcurrentTasks.run(
                    () -> {
                        for (int i = 0; i < 200; i++) {
                            crowded.publish(reading(i));
                        }
                    },
                    () -> request(listener, 5),
                    () -> {
                        if (cancelled) {
                            listener.cancel();
                        }
                    });
            assertThat(crowded.watchedPatientCount()).isZero();
            if (!cancelled) {
                assertThat(listener.failure()).isInstanceOf(PlaneException.ResourceExhausted.class);
            }
            var heard = listener.readings().stream().mapToLong(Reading::time).toArray();
            assertThat(heard).containsExactly(LongStream.range(0, heard.length).toArray());
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
