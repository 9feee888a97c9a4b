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

/** What is trusted and what is not, message by message, in a time of the test's own. */
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

    /** Everybody beats, and all that is said is heard by all. */
    private static void round(Freshness... planes) {
        for (var plane : planes) {
            plane.heartbeat();
            var said = nextMessage(plane);
            for (var other : planes) {
                other.receive(said);
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
        void trusts_nothing_before_others_had_time_to_be_heard() {
            rounds(5, me);
            assertThat(me.isConfirmed()).isFalse();
            rounds(3, me);
            assertThat(me.isConfirmed()).isTrue();
        }

        @Test
        void trusts_what_it_read_for_a_part_of_the_bound_when_it_does_not_hear_itself() {
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
        void decides_anew_after_a_part_of_the_bound_when_in_doubt() {
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
        void does_not_take_messages_that_were_stuck_for_news() {
            rounds(10, me);
            long read = me.now();
            me.heartbeat();
            var stuck = nextMessage(me);
            advance(5_000);
            me.receive(stuck);
            assertThat(me.isFresh(read)).isFalse();
        }

        @Test
        void begins_a_generation_when_nobody_else_is_there() {
            assertThat(me.trustedGeneration()).isZero();
            rounds(8, me);
            assertThat(me.trustedGeneration()).isPositive();
        }

        @Test
        void trusts_nothing_while_fewer_planes_are_heard_than_there_are() {
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
        void trusts_what_was_read_long_ago() {
            long read = me.now();
            rounds(1_000, me, other);
            assertThat(me.isFresh(read)).isTrue();
            assertThat(events.missed).hasValue(0);
        }

        @Test
        void does_not_believe_what_was_read_before_a_message_was_missed() {
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
        void takes_a_message_that_comes_twice_or_late_for_what_it_is() {
            var first = nextMessage(other);
            var second = nextMessage(other);
            me.receive(first);
            me.receive(second);
            assertThat(me.receive(first)).isFalse();
            assertThat(events.missed).hasValue(0);
        }

        /** It hears the other, but the other does not hear it: what it hears may be as old as may be. */
        @Test
        void trusts_another_only_as_far_as_its_own_beats_come_back() {
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
        void waits_for_one_who_fell_silent_and_not_for_one_who_left() {
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
        void forgets_one_who_fell_silent_when_another_run_of_it_comes_and_believes_nothing_from_before() {
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
        void forgets_one_who_fell_silent_in_the_end() {
            rounds(1, me);
            advance(Duration.ofMinutes(11).toMillis());
            rounds(2, me);
            assertThat(me.planeCount()).isEqualTo(1);
            assertThat(me.isConfirmed()).isTrue();
        }

        @Test
        void trusts_nothing_for_a_while_after_something_it_could_not_read() {
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
        void trusts_nothing_from_before_it_listened_anew() {
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
        void agrees_on_a_generation_and_shares_nothing_until_both_say_so() {
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
        void takes_the_later_of_two_generations_that_begin_at_once() {
            me.nextGeneration();
            other.nextGeneration();
            assertThat(me.generation()).isNotEqualTo(other.generation());
            rounds(3, me, other);
            assertThat(me.trustedGeneration()).isPositive().isEqualTo(other.trustedGeneration());
        }

        @Test
        void shares_nothing_while_planes_have_different_keys_and_nothing_from_before_when_they_have_not() {
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
    void a_message_survives_being_written_and_read() {
        var changes = new SiteMessage.Changes(
                List.of(new SiteMessage.SeriesUpdate(
                        new Reading(ReadingFixtures.series("ada", "d1", ReadingFixtures.HEART_RATE), 10, 60.5), 7)),
                List.of("ada", "bob"),
                List.of("d1"));
        var message = new SiteMessage(new SiteMessage.Origin("me", 5), 6, 7, 8, 9, Map.of(1L, 2L), true, changes);
        var bytes = message.encode();
        assertThat(SiteMessage.decode(bytes)).contains(message);
        for (int length = 0; length < bytes.length; length++) {
            assertThat(SiteMessage.decode(Arrays.copyOf(bytes, length))).isEmpty();
        }
    }
}
