package io.pulseplane.gate;

import static java.util.concurrent.TimeUnit.MICROSECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class DeadlineTest {

    private static final long NOW = 1_763_000_000_000_000L;
    private static final long HOUR = 3_600_000_000L;

    /** The monotonic clock may have any value, and may overflow. */
    private static final long NANOS = Long.MAX_VALUE - 5;

    private final Deadline inAnHour = Deadline.at(NOW + HOUR, NOW, NANOS);

    private static long nanos(long micros) {
        return NANOS + MICROSECONDS.toNanos(micros);
    }

    @Test
    void is_over_when_its_time_has_come() {
        assertThat(inAnHour.isOver(NOW + HOUR - 1, nanos(HOUR - 1))).isFalse();
        assertThat(inAnHour.isOver(NOW + HOUR, nanos(HOUR))).isTrue();
    }

    @Test
    void is_over_no_later_after_the_clock_was_set_back() {
        assertThat(inAnHour.isOver(NOW - HOUR, nanos(HOUR - 1))).isFalse();
        assertThat(inAnHour.isOver(NOW - HOUR, nanos(HOUR))).isTrue();
    }

    @Test
    void is_over_earlier_after_the_clock_was_set_ahead() {
        assertThat(inAnHour.isOver(NOW + HOUR, nanos(1))).isTrue();
    }

    @Test
    void is_over_at_once_if_it_has_passed() {
        assertThat(Deadline.at(NOW - 1, NOW, NANOS).isOver(NOW - HOUR, NANOS)).isTrue();
    }

    @Test
    void of_ages_hence_does_not_overflow() {
        assertThat(Deadline.at(Long.MAX_VALUE - 1, NOW, NANOS).isOver(NOW, nanos(HOUR)))
                .isFalse();
        assertThat(Deadline.at(Long.MAX_VALUE, NOW, NANOS).isOver(Long.MAX_VALUE, nanos(HOUR)))
                .isFalse();
    }
}
