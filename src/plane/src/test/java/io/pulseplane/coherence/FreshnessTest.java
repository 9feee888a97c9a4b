package io.pulseplane.coherence;

import static org.assertj.core.api.Assertions.assertThat;

import io.pulseplane.ReadingFixtures;
import io.pulseplane.store.crypto.Keyset;
import io.pulseplane.vitals.Reading;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** Tests what is trusted, message by message, with a simulated clock. */
class FreshnessTest {

    private static final long BOUND_MS = 1_000;

    private final AtomicLong now = new AtomicLong(TimeUnit.DAYS.toNanos(1));
    private final RecordingSiteEvents events = new RecordingSiteEvents();
    private final Freshness me = freshness("me", 1, 1, 1);

    private Freshness freshness(String plane, long run, int keyId, int planes) {
        var settings = new RedisSettings(
                plane,
                "test",
                RedisSettings.Server.of(RedisSettings.Type.STANDALONE, List.of("redis://localhost"), ""),
                new Keyset(SitePlane.KEY, List.of()),
                new RedisSettings.ValueTtls(Duration.ofSeconds(300), Duration.ofSeconds(10)),
                RedisSettings.FaultTolerance.STANDARD,
                Duration.ofMillis(100),
                Duration.ofMillis(BOUND_MS),
                planes,
                Duration.ofMinutes(10));
        return new Freshness(new SiteMessage.Origin(plane, run), keyId, settings, now::get, events);
    }

    private void advance(long millis) {
        now.addAndGet(TimeUnit.MILLISECONDS.toNanos(millis));
    }

    private static SiteMessage nextMessage(Freshness plane) {
        return plane.nextMessage(plane.generation(), plane.echoes(), SiteMessage.Changes.NONE);
    }

    /** Every plane sends a heartbeat, and every plane receives it. */
    private static void round(Freshness... planes) {
        for (var plane : planes) {
            plane.heartbeat();
            var message = nextMessage(plane);
            for (var other : planes) {
                other.receive(message);
            }
        }
    }

    private void rounds(int count, Freshness... planes) {
        for (int i = 0; i < count; i++) {
            advance(100);
            round(planes);
        }
    }

    @BeforeEach
    void listen() {
        me.startListening();
    }

    @Nested
    class Alone {

        @Test
        void trusts_nothing_before_other_planes_had_time_to_send_a_message() {
            rounds(5, me);
            assertThat(me.isConfirmed()).isFalse();
            rounds(3, me);
            assertThat(me.isConfirmed()).isTrue();
        }

        @Test
        void trusts_data_from_the_store_for_a_part_of_the_bound_without_its_own_messages() {
            rounds(10, me);
            long read = me.now();
            advance(590);
            assertThat(me.isFresh(read)).isTrue();
            advance(20);
            assertThat(me.isFresh(read)).isFalse();
            read = me.now();
            advance(400);
            assertThat(me.isFresh(read)).isTrue();
            advance(1);
            assertThat(me.isFresh(read)).isFalse();
        }

        @Test
        void changes_the_epoch_after_a_part_of_the_bound_while_unconfirmed() {
            rounds(10, me);
            long epoch = me.epoch();
            rounds(10, me);
            assertThat(me.epoch()).isEqualTo(epoch);
            advance(700);
            long inDoubt = me.epoch();
            assertThat(inDoubt).isNotEqualTo(epoch);
            advance(400);
            assertThat(me.epoch()).isNotEqualTo(inDoubt).isNotEqualTo(epoch);
        }

        @Test
        void does_not_take_delayed_messages_for_new_ones() {
            rounds(10, me);
            long read = me.now();
            me.heartbeat();
            var stuck = nextMessage(me);
            advance(5_000);
            me.receive(stuck);
            assertThat(me.isFresh(read)).isFalse();
        }

        @Test
        void begins_a_generation_when_it_is_alone() {
            assertThat(me.trustedGeneration()).isZero();
            rounds(8, me);
            assertThat(me.trustedGeneration()).isPositive();
        }

        @Test
        void trusts_nothing_while_fewer_planes_are_present_than_expected() {
            var expecting = freshness("me", 7, 1, 2);
            expecting.startListening();
            rounds(20, expecting);
            assertThat(expecting.isConfirmed()).isFalse();
        }
    }

    @Nested
    class WithAnother {

        private final Freshness other = freshness("other", 2, 1, 1);

        @BeforeEach
        void meet() {
            other.startListening();
            rounds(10, me, other);
            assertThat(me.isConfirmed()).isTrue();
            assertThat(other.isConfirmed()).isTrue();
        }

        @Test
        void trusts_old_data_while_no_message_is_missed() {
            long read = me.now();
            rounds(1_000, me, other);
            assertThat(me.isFresh(read)).isTrue();
            assertThat(events.missed).hasValue(0);
        }

        @Test
        void does_not_trust_data_from_before_a_missed_message() {
            rounds(10, me, other);
            long read = me.now();
            rounds(10, me, other);
            long epoch = me.epoch();
            nextMessage(other);
            assertThat(me.receive(nextMessage(other))).isTrue();
            assertThat(me.isFresh(read)).isFalse();
            assertThat(me.epoch()).isNotEqualTo(epoch);
            assertThat(events.missed).hasValue(1);
            advance(1);
            long readSince = me.now();
            rounds(20, me, other);
            assertThat(me.isFresh(readSince)).isTrue();
        }

        @Test
        void ignores_messages_that_come_twice_or_out_of_order() {
            var first = nextMessage(other);
            var second = nextMessage(other);
            me.receive(first);
            me.receive(second);
            assertThat(me.receive(first)).isFalse();
            assertThat(events.missed).hasValue(0);
        }

        /**
         * This plane receives messages of the other, but the other does not receive its messages, so they may be old.
         */
        @Test
        void trusts_another_plane_only_as_far_as_it_echoes_heartbeats() {
            long read = me.now();
            for (int i = 0; i < 10; i++) {
                advance(100);
                me.heartbeat();
                other.heartbeat();
                me.receive(nextMessage(me));
                me.receive(nextMessage(other));
            }
            assertThat(me.isFresh(read)).isFalse();
        }

        @Test
        void waits_for_a_silent_plane_and_not_for_one_that_left() {
            rounds(10, me);
            assertThat(me.isConfirmed()).isFalse();
            assertThat(me.planeCount()).isEqualTo(2);
            round(me, other);
            rounds(5, me, other);
            assertThat(me.isConfirmed()).isTrue();
            me.receive(other.lastMessage());
            rounds(20, me);
            assertThat(me.isConfirmed()).isTrue();
            assertThat(me.planeCount()).isEqualTo(1);
        }

        @Test
        void forgets_a_silent_plane_when_another_run_of_it_appears_and_trusts_nothing_from_before() {
            rounds(10, me);
            var again = freshness("other", 3, 1, 1);
            again.startListening();
            long read = me.now();
            advance(1);
            rounds(10, me, again);
            assertThat(me.planeCount()).isEqualTo(2);
            assertThat(me.isConfirmed()).isTrue();
            assertThat(me.isFresh(read)).isFalse();
        }

        @Test
        void forgets_a_silent_plane_after_the_timeout() {
            rounds(1, me);
            advance(Duration.ofMinutes(11).toMillis());
            rounds(2, me);
            assertThat(me.planeCount()).isEqualTo(1);
            assertThat(me.isConfirmed()).isTrue();
        }

        @Test
        void trusts_nothing_for_a_while_after_an_unreadable_message() {
            long read = me.now();
            advance(1);
            me.receiveUnreadable();
            assertThat(me.isFresh(read - TimeUnit.SECONDS.toNanos(1))).isFalse();
            assertThat(me.isConfirmed()).isFalse();
            rounds(10, me, other);
            assertThat(me.isConfirmed()).isTrue();
            assertThat(me.isFresh(read)).isFalse();
        }

        @Test
        void trusts_nothing_from_before_a_new_subscription() {
            long read = me.now();
            advance(1);
            me.stopListening();
            assertThat(me.isConfirmed()).isFalse();
            me.startListening();
            rounds(10, me, other);
            assertThat(me.isConfirmed()).isTrue();
            assertThat(me.isFresh(read)).isFalse();
        }

        @Test
        void trusts_a_generation_only_when_both_planes_announced_it() {
            assertThat(me.trustedGeneration()).isPositive().isEqualTo(other.trustedGeneration());
            other.nextGeneration();
            assertThat(other.trustedGeneration()).isZero();
            me.receive(nextMessage(other));
            assertThat(me.trustedGeneration()).isEqualTo(other.generation());
            assertThat(other.trustedGeneration()).isZero();
            other.receive(nextMessage(me));
            assertThat(other.trustedGeneration()).isEqualTo(me.generation());
        }

        @Test
        void takes_the_higher_of_two_generations_that_begin_at_once() {
            me.nextGeneration();
            other.nextGeneration();
            assertThat(me.generation()).isNotEqualTo(other.generation());
            rounds(3, me, other);
            assertThat(me.trustedGeneration()).isPositive().isEqualTo(other.trustedGeneration());
        }

        @Test
        void trusts_no_generation_while_keys_differ_and_none_from_before_afterwards() {
            long before = me.generation();
            var newcomer = freshness("third", 4, 99, 1);
            newcomer.startListening();
            rounds(10, me, other, newcomer);
            assertThat(me.trustedGeneration()).isZero();
            assertThat(newcomer.trustedGeneration()).isZero();
            var goodbye = newcomer.lastMessage();
            me.receive(goodbye);
            other.receive(goodbye);
            rounds(3, me, other);
            assertThat(me.trustedGeneration()).isGreaterThan(before).isEqualTo(other.trustedGeneration());
        }
    }

    @Test
    void a_message_is_encoded_and_decoded_unchanged() {
        var changes = new SiteMessage.Changes(
                List.of(new SiteMessage.SeriesUpdate(
                        new Reading(ReadingFixtures.series("ada", "d1", ReadingFixtures.HEART_RATE), 10, 60.5), 7)),
                List.of("ada", "bob"),
                List.of("d1"),
                List.of("grace"));
        var message = new SiteMessage(new SiteMessage.Origin("me", 5), 6, 7, 8, 9, Map.of(1L, 2L), true, changes);
        var bytes = message.encode();
        assertThat(SiteMessage.decode(bytes)).contains(message);
        for (int length = 0; length < bytes.length; length++) {
            assertThat(SiteMessage.decode(Arrays.copyOf(bytes, length))).isEmpty();
        }
    }
}
