package io.pulseplane.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pulseplane.ConcurrentTasks;
import io.pulseplane.vitals.PlaneException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class RateLimitsTest {

    /** Overflows while the tests run. */
    private final AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - TimeUnit.MILLISECONDS.toNanos(500));

    private RateLimits limits(long perSecond) {
        return new RateLimits(perSecond, nanos::get);
    }

    private void pass(long millis) {
        nanos.addAndGet(TimeUnit.MILLISECONDS.toNanos(millis));
    }

    private static int acquire(RateLimits limits, String subject, int tries) {
        int acquired = 0;
        for (int i = 0; i < tries; i++) {
            try {
                limits.acquire(subject);
                acquired++;
            } catch (PlaneException.ResourceExhausted _) {
                // Not counted.
            }
        }
        return acquired;
    }

    @Test
    void permits_a_burst_of_one_second_and_then_an_even_rate() {
        var limits = limits(10);
        assertThat(acquire(limits, "ada", 100)).isEqualTo(10);
        pass(99);
        assertThat(acquire(limits, "ada", 100)).isZero();
        pass(1);
        assertThat(acquire(limits, "ada", 100)).isEqualTo(1);
        pass(250);
        assertThat(acquire(limits, "ada", 100)).isEqualTo(2);
    }

    @Test
    void permits_no_larger_burst_after_a_long_pause() {
        var limits = limits(10);
        limits.acquire("ada");
        pass(1_000_000);
        assertThat(acquire(limits, "ada", 100)).isEqualTo(10);
    }

    @Test
    void gives_the_time_to_retry_after() {
        var limits = limits(10);
        acquire(limits, "ada", 10);
        pass(30);
        assertThatThrownBy(() -> limits.acquire("ada"))
                .isInstanceOfSatisfying(
                        PlaneException.ResourceExhausted.class,
                        tooMany -> assertThat(tooMany.retryAfter()).isEqualTo(Duration.ofMillis(70)));
        pass(70);
        assertThatCode(() -> limits.acquire("ada")).doesNotThrowAnyException();
    }

    @Test
    void counts_each_subject_by_itself() {
        var limits = limits(10);
        acquire(limits, "ada", 100);
        assertThat(acquire(limits, "grace", 100)).isEqualTo(10);
    }

    @Test
    void permits_everything_and_tracks_nobody_without_a_limit() {
        var limits = limits(0);
        assertThat(acquire(limits, "ada", 10_000)).isEqualTo(10_000);
        assertThat(limits.trackedSubjects()).isZero();
    }

    @Test
    void permits_no_more_to_many_threads_than_to_one() throws Exception {
        var limits = limits(1_000);
        var acquired = new AtomicInteger();
        ConcurrentTasks.runOnThreads(4, () -> acquired.addAndGet(acquire(limits, "ada", 1_000)));
        assertThat(acquired).hasValue(1_000);
    }

    @Test
    void forgets_subjects_with_a_full_burst_when_room_is_needed() {
        var limits = limits(100);
        for (int i = 0; i < RateLimits.MAX_SUBJECTS; i++) {
            limits.acquire("subject-" + i);
        }
        assertThatThrownBy(() -> limits.acquire("newcomer"))
                .as("no subject can be forgotten yet")
                .isInstanceOf(PlaneException.ResourceExhausted.class);
        assertThat(limits.trackedSubjects()).isEqualTo(RateLimits.MAX_SUBJECTS);
        assertThat(acquire(limits, "subject-7", 200))
                .as("a tracked subject may go on")
                .isEqualTo(99);
        pass(99);
        assertThatThrownBy(() -> limits.acquire("newcomer"))
                .as("not every new subject causes a sweep")
                .isInstanceOf(PlaneException.ResourceExhausted.class);
        pass(1);
        limits.acquire("newcomer");
        assertThat(limits.trackedSubjects())
                .as("the new subject, and the one that is over its rate")
                .isEqualTo(2);
        assertThat(acquire(limits, "subject-7", 200)).isEqualTo(10);
    }
}
