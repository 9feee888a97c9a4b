package io.pulseplane.gate.policy;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class CircuitBreakerTest {

    private static final Duration PAUSE = Duration.ofSeconds(1);

    private long now = Long.MAX_VALUE - 1000; // clocks may run over
    private final CircuitBreaker breaker = new CircuitBreaker(3, PAUSE, () -> now);

    @Test
    void lets_ask_until_failures_come_in_a_row() {
        assertThat(breaker.failed()).isFalse();
        assertThat(breaker.failed()).isFalse();
        breaker.succeeded();
        assertThat(breaker.failed()).isFalse();
        assertThat(breaker.failed()).isFalse();
        assertThat(breaker.tryEnter()).isTrue();
        assertThat(breaker.failed()).isTrue();
        assertThat(breaker.tryEnter()).isFalse();
    }

    @Test
    void lets_one_try_after_the_pause() {
        open();
        now += PAUSE.toNanos() - 1;
        assertThat(breaker.tryEnter()).isFalse();
        now += 1;
        assertThat(breaker.tryEnter()).isTrue();
        assertThat(breaker.tryEnter()).isFalse();
    }

    @Test
    void lets_all_ask_when_the_one_is_answered() {
        open();
        now += PAUSE.toNanos();
        assertThat(breaker.tryEnter()).isTrue();
        breaker.succeeded();
        assertThat(breaker.tryEnter()).isTrue();
        assertThat(breaker.tryEnter()).isTrue();
        assertThat(breaker.failed()).isFalse();
    }

    @Test
    void pauses_again_when_the_one_fails() {
        open();
        now += PAUSE.toNanos();
        assertThat(breaker.tryEnter()).isTrue();
        breaker.failed();
        assertThat(breaker.tryEnter()).isFalse();
        now += PAUSE.toNanos();
        assertThat(breaker.tryEnter()).isTrue();
    }

    private void open() {
        breaker.failed();
        breaker.failed();
        breaker.failed();
    }
}
