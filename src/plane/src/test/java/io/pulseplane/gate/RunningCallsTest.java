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

    private final RunningCalls calls = new RunningCalls();

    private static final class CountingCall implements RunningCalls.Call {

        final AtomicInteger rechecks = new AtomicInteger();

        @Override
        public void recheck() {
            rechecks.incrementAndGet();
        }
    }

    @AfterEach
    void close() {
        calls.close();
    }

    private CountingCall call(String... patients) {
        var call = new CountingCall();
        calls.add(call, List.of(patients));
        return call;
    }

    @Test
    void are_checked_when_the_consent_of_one_of_their_patients_changes() {
        var one = call("ada", "grace");
        var other = call("grace");
        calls.recheck("ada");
        assertThat(one.rechecks).hasValue(1);
        assertThat(other.rechecks).hasValue(0);
        calls.recheck("grace");
        calls.recheck("nobody");
        assertThat(one.rechecks).hasValue(2);
        assertThat(other.rechecks).hasValue(1);
    }

    @Test
    void without_patients_are_checked_after_every_change() {
        var call = call();
        calls.recheck("ada");
        calls.recheck("grace");
        assertThat(call.rechecks).hasValue(2);
    }

    @Test
    void are_not_checked_when_they_are_over() {
        var over = call("ada", "grace");
        var ofDevice = call();
        var going = call("ada");
        calls.remove(over, List.of("ada", "grace"));
        calls.remove(ofDevice, List.of());
        calls.remove(over, List.of("ada", "grace"));
        calls.recheck("ada");
        calls.recheck("grace");
        assertThat(over.rechecks).hasValue(0);
        assertThat(ofDevice.rechecks).hasValue(0);
        assertThat(going.rechecks).hasValue(1);
    }

    @Test
    void are_checked_again_in_time() {
        var call = new CountingCall();
        var _ = calls.recheckAfter(call, SOON);
        var _ = calls.recheckAfter(call, -5);
        await().untilAsserted(() -> assertThat(call.rechecks).hasValue(2));
    }

    @Test
    void are_scheduled_far_in_the_future_without_an_overflow() throws Exception {
        var far = new CountingCall();
        var near = new CountingCall();
        var later = calls.recheckAfter(far, Long.MAX_VALUE);
        calls.recheckAfter(near, SOON).get(30, TimeUnit.SECONDS);
        assertThat(later).isNotDone();
        assertThat(far.rechecks).hasValue(0);
        assertThat(near.rechecks).hasValue(1);
    }

    @Test
    void are_not_checked_after_a_cancellation_or_when_the_plane_has_stopped() {
        var call = new CountingCall();
        var cancelled = calls.recheckAfter(call, NEVER);
        assertThat(cancelled.cancel(false)).isTrue();
        calls.close();
        assertThat(calls.recheckAfter(call, SOON)).isDone();
        assertThat(call.rechecks).hasValue(0);
    }
}
