package io.pulseplane.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class RunningCallsTest {

    private static final Access OF_MONITOR = Access.ofDevice("monitor");

    private final AtomicInteger sweeps = new AtomicInteger();
    private final RunningCalls calls = new RunningCalls(this::beforeSweep);

    private static final class CountingCall implements RunningCalls.Call {

        final AtomicInteger rechecks = new AtomicInteger();
        final AtomicInteger sweeps = new AtomicInteger();

        @Override
        public void recheck() {
            rechecks.incrementAndGet();
        }

        @Override
        public void recheckIfOver() {
            sweeps.incrementAndGet();
        }
    }

    private void beforeSweep() {
        if (sweeps.incrementAndGet() == 1) {
            throw new IllegalStateException("one sweep fails");
        }
    }

    @AfterEach
    void close() {
        calls.close();
    }

    private static Access of(String... patients) {
        return new Access(List.of(patients), "", List.of());
    }

    private CountingCall call(Access access) {
        var call = new CountingCall();
        calls.add(call);
        calls.index(call, access);
        return call;
    }

    @Test
    void are_checked_when_the_consent_of_one_of_their_patients_changes() {
        var one = call(of("ada", "grace"));
        var other = call(of("grace"));
        calls.recheckPatient("ada");
        assertThat(one.rechecks).hasValue(1);
        assertThat(other.rechecks).hasValue(0);
        calls.recheckPatient("grace");
        calls.recheckPatient("nobody");
        assertThat(one.rechecks).hasValue(2);
        assertThat(other.rechecks).hasValue(1);
    }

    @Test
    void for_a_device_are_checked_after_every_change_of_a_consent() {
        var call = call(OF_MONITOR);
        calls.recheckPatient("ada");
        calls.recheckPatient("grace");
        assertThat(call.rechecks).hasValue(2);
    }

    @Test
    void for_a_device_are_checked_when_it_has_another_patient() {
        var call = call(OF_MONITOR);
        var other = call(of("ada"));
        calls.recheckDevice("monitor");
        calls.recheckDevice("another");
        assertThat(call.rechecks).hasValue(1);
        assertThat(other.rechecks).hasValue(0);
    }

    @Test
    void are_not_checked_when_they_are_over() {
        var over = call(of("ada", "grace"));
        var ofDevice = call(OF_MONITOR);
        var going = call(of("ada"));
        calls.remove(over, of("ada", "grace"));
        calls.remove(ofDevice, OF_MONITOR);
        calls.remove(over, of("ada", "grace"));
        calls.recheckPatient("ada");
        calls.recheckPatient("grace");
        calls.recheckDevice("monitor");
        calls.recheckAll();
        assertThat(over.rechecks).hasValue(0);
        assertThat(ofDevice.rechecks).hasValue(0);
        assertThat(going.rechecks).hasValue(2);
    }

    @Test
    void are_swept_again_and_again_even_after_a_sweep_that_failed() {
        var call = call(of("ada"));
        await().untilAsserted(() -> assertThat(call.sweeps.get()).isGreaterThan(1));
    }

    @Test
    void are_not_swept_any_more_when_the_plane_has_stopped() {
        calls.close();
        var call = call(of("ada"));
        calls.recheckAll();
        assertThat(call.rechecks).hasValue(1);
        assertThat(call.sweeps).hasValue(0);
    }
}
