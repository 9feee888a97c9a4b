package io.pulseplane.gate;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class PressureTest {

    private static final long MILLI = TimeUnit.MILLISECONDS.toNanos(1);

    private final AtomicLong clock = new AtomicLong();
    private final Pressure pressure = new Pressure(Duration.ofMillis(10), clock::get);
    private final Peer busy = Peer.unknown();

    /** A tenth of a second in which calls waited that long. */
    private void period(long waitedMillis) {
        for (int i = 0; i < 10; i++) {
            clock.addAndGet(10 * MILLI);
            pressure.waited(waitedMillis * MILLI);
        }
    }

    private int enter(Peer peer, int calls) {
        int admitted = 0;
        for (int i = 0; i < calls; i++) {
            admitted += pressure.enter(peer) ? 1 : 0;
        }
        return admitted;
    }

    private void leave(Peer peer, int calls) {
        for (int i = 0; i < calls; i++) {
            pressure.leave(peer);
        }
    }

    @Test
    void takes_any_number_of_calls_while_none_waits_long() {
        assertThat(enter(busy, 10_000)).isEqualTo(10_000);
        period(10);
        assertThat(enter(busy, 10_000)).isEqualTo(10_000);
    }

    @Test
    void takes_fewer_the_longer_they_wait_but_always_some() {
        enter(busy, 4_000);
        period(11);
        assertThat(pressure.limit()).isEqualTo(3_000);
        period(11);
        assertThat(pressure.limit()).isEqualTo(2_250);
        for (int i = 0; i < 100; i++) {
            period(50);
        }
        assertThat(pressure.limit()).isEqualTo(Pressure.MIN_CALLS);
    }

    @Test
    void turns_away_what_is_too_much() {
        enter(busy, 4_000);
        period(11);
        leave(busy, 4_000);
        assertThat(enter(busy, 4_000)).isEqualTo(3_000);
    }

    @Test
    void takes_what_somebody_else_asks_who_asks_little() {
        enter(busy, 4_000);
        period(11);
        var other = Peer.unknown();
        assertThat(enter(other, 4_000)).as("half of the 3,000").isEqualTo(1_500);
        leave(other, 4_000);
        assertThat(enter(other, 1)).isEqualTo(1);
        assertThat(enter(busy, 1)).isZero();
    }

    @Test
    void takes_any_number_again_when_the_load_has_gone() {
        enter(busy, 4_000);
        period(50);
        leave(busy, 4_000);
        for (int i = 0; i < 9; i++) {
            period(1);
        }
        assertThat(enter(busy, 10_000)).as("within a second").isEqualTo(10_000);
    }

    @Test
    void takes_more_again_while_many_still_ask() {
        enter(busy, 4_000);
        period(50);
        period(5);
        assertThat(pressure.limit()).isEqualTo(3_750);
    }

    @Test
    void bounds_nothing_when_it_is_switched_off() {
        var off = new Pressure(Duration.ZERO, clock::get);
        off.enter(busy);
        clock.addAndGet(1_000 * MILLI);
        off.waited(1_000 * MILLI);
        assertThat(off.limit()).isEqualTo(Pressure.UNBOUNDED);
    }
}
