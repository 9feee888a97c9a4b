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

    /** Wraps while the tests run. */
    private final AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - TimeUnit.MILLISECONDS.toNanos(500));

    private RateLimits limits(long perSecond) {
        return new RateLimits(perSecond, nanos::get);
    }

    private void pass(long millis) {
        nanos.addAndGet(TimeUnit.MILLISECONDS.toNanos(millis));
    }

    private static int taken(RateLimits limits, String who, int tries) {
        int taken = 0;
        for (int i = 0; i < tries; i++) {
            try {
                limits.acquire(who);
                taken++;
            } catch (PlaneException.ResourceExhausted _) {
                // Counted by not being counted.
            }
        }
        return taken;
    }

    @Test
    void gives_a_seconds_worth_at_once_and_then_one_at_a_time() {
        var limits = limits(10);
        assertThat(taken(limits, "ada", 100)).isEqualTo(10);
        pass(99);
        assertThat(taken(limits, "ada", 100)).isZero();
        pass(1);
        assertThat(taken(limits, "ada", 100)).isEqualTo(1);
        pass(250);
        assertThat(taken(limits, "ada", 100)).isEqualTo(2);
    }

    @Test
    void never_gives_more_than_that_however_long_nobody_asked() {
        var limits = limits(10);
        limits.acquire("ada");
        pass(1_000_000);
        assertThat(taken(limits, "ada", 100)).isEqualTo(10);
    }

    @Test
    void says_when_to_come_back() {
        var limits = limits(10);
        taken(limits, "ada", 10);
        pass(30);
        assertThatThrownBy(() -> limits.acquire("ada"))
                .isInstanceOfSatisfying(
                        PlaneException.ResourceExhausted.class,
                        tooMany -> assertThat(tooMany.retryAfter()).isEqualTo(Duration.ofMillis(70)));
        pass(70);
        assertThatCode(() -> limits.acquire("ada")).doesNotThrowAnyException();
    }

    @Test
    void counts_everybody_by_themselves() {
        var limits = limits(10);
        taken(limits, "ada", 100);
        assertThat(taken(limits, "grace", 100)).isEqualTo(10);
    }

    @Test
    void gives_everything_and_remembers_nobody_where_there_is_no_bound() {
        var limits = limits(0);
        assertThat(taken(limits, "ada", 10_000)).isEqualTo(10_000);
        assertThat(limits.trackedSubjects()).isZero();
    }

    @Test
    void gives_no_more_to_many_threads_than_to_one() throws Exception {
        var limits = limits(1_000);
        var taken = new AtomicInteger();
        ConcurrentTasks.runOnThreads(4, () -> taken.addAndGet(taken(limits, "ada", 1_000)));
        assertThat(taken).hasValue(1_000);
    }

    @Test
    void forgets_those_who_may_ask_as_often_as_anybody_when_room_is_needed() {
        var limits = limits(100);
        for (int i = 0; i < RateLimits.MAX_SUBJECTS; i++) {
            limits.acquire("subject-" + i);
        }
        assertThatThrownBy(() -> limits.acquire("newcomer"))
                .as("nobody can be forgotten yet")
                .isInstanceOf(PlaneException.ResourceExhausted.class);
        assertThat(limits.trackedSubjects()).isEqualTo(RateLimits.MAX_SUBJECTS);
        assertThat(taken(limits, "subject-7", 200)).as("who is known may go on").isEqualTo(99);
        pass(99);
        assertThatThrownBy(() -> limits.acquire("newcomer"))
                .as("not every newcomer may have everybody looked at")
                .isInstanceOf(PlaneException.ResourceExhausted.class);
        pass(1);
        limits.acquire("newcomer");
        assertThat(limits.trackedSubjects())
                .as("the newcomer, and who has asked too often to be forgotten")
                .isEqualTo(2);
        assertThat(taken(limits, "subject-7", 200)).isEqualTo(10);
    }
}
