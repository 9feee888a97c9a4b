package io.pulseplane.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class RunningCallsTest {

    private static final long SOON = 1;
    private static final long NEVER = TimeUnit.DAYS.toMicros(1_000_000);

    private final RunningCalls running = new RunningCalls();

    private static final class CountingCall implements RunningCalls.Call {

        final AtomicInteger rechecks = new AtomicInteger();

        @Override
        public void recheck() {
            rechecks.incrementAndGet();
        }
    }

    @AfterEach
    void close() {
        running.close();
    }

    private CountingCall call(String... patients) {
        var call = new CountingCall();
        running.add(call, List.of(patients));
        return call;
    }

    @Test
    void are_asked_after_when_the_word_of_their_patients_changes_and_of_nobody_else() {
        var one = call("ada", "grace");
        var other = call("grace");
        running.recheck("ada");
        assertThat(one.rechecks).hasValue(1);
        assertThat(other.rechecks).hasValue(0);
        running.recheck("grace");
        running.recheck("nobody");
        assertThat(one.rechecks).hasValue(2);
        assertThat(other.rechecks).hasValue(1);
    }

    @Test
    void of_nobody_in_particular_are_asked_after_whoever_it_is() {
        var call = call();
        running.recheck("ada");
        running.recheck("grace");
        assertThat(call.rechecks).hasValue(2);
    }

    @Test
    void are_left_alone_when_they_are_over() {
        var over = call("ada", "grace");
        var ofDevice = call();
        var going = call("ada");
        running.remove(over, List.of("ada", "grace"));
        running.remove(ofDevice, List.of());
        running.remove(over, List.of("ada", "grace"));
        running.recheck("ada");
        running.recheck("grace");
        assertThat(over.rechecks).hasValue(0);
        assertThat(ofDevice.rechecks).hasValue(0);
        assertThat(going.rechecks).hasValue(1);
    }

    @Test
    void are_asked_after_again_in_time() {
        var call = new CountingCall();
        running.recheckAfter(call, SOON);
        running.recheckAfter(call, -5);
        await().untilAsserted(() -> assertThat(call.rechecks).hasValue(2));
    }

    @Test
    void are_asked_after_at_the_far_end_of_time_without_an_overflow() throws Exception {
        var far = new CountingCall();
        var near = new CountingCall();
        var later = running.recheckAfter(far, Long.MAX_VALUE);
        running.recheckAfter(near, SOON).get(30, TimeUnit.SECONDS);
        assertThat(later).isNotDone();
        assertThat(far.rechecks).hasValue(0);
        assertThat(near.rechecks).hasValue(1);
    }

    @Test
    void are_not_asked_after_once_that_was_cancelled_or_the_plane_has_stopped() {
        var call = new CountingCall();
        var cancelled = running.recheckAfter(call, NEVER);
        assertThat(cancelled.cancel(false)).isTrue();
        running.close();
        assertThat(running.recheckAfter(call, SOON)).isDone();
        assertThat(call.rechecks).hasValue(0);
    }
}
