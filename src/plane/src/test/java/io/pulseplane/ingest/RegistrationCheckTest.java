package io.pulseplane.ingest;

import static io.pulseplane.ReadingFixtures.HEART_RATE;
import static io.pulseplane.ReadingFixtures.appendAll;
import static io.pulseplane.ReadingFixtures.await;
import static io.pulseplane.ReadingFixtures.oneReading;
import static io.pulseplane.ReadingFixtures.series;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pulseplane.ingest.RegistrationCheck.UnregisteredPolicy;
import io.pulseplane.store.Device;
import io.pulseplane.store.Patient;
import io.pulseplane.store.memory.MemoryStore;
import io.pulseplane.vitals.Batch;
import io.pulseplane.vitals.PlaneException;
import java.util.List;
import org.junit.jupiter.api.Test;

class RegistrationCheckTest {

    private static final Batch BATCH = new Batch("d1", "ada", 1, List.of());

    private final MemoryStore store = new MemoryStore(() -> 0);
    private final RegistrationCheck refusing = new RegistrationCheck(UnregisteredPolicy.REFUSE, store);

    private void check(RegistrationCheck registration) {
        await(registration.check(BATCH));
    }

    @Test
    void lets_everyone_in_where_it_is_told_to_and_asks_nobody() {
        store.close();
        assertThatCode(() -> check(new RegistrationCheck(UnregisteredPolicy.ACCEPT, store)))
                .doesNotThrowAnyException();
    }

    @Test
    void refuses_a_device_and_a_patient_that_nobody_registered() {
        assertThatThrownBy(() -> check(refusing))
                .isInstanceOf(PlaneException.FailedPrecondition.class)
                .hasMessage("this device must be registered first");
        await(store.putDevice(Device.provisional("d1", 0)));
        assertThatThrownBy(() -> check(refusing))
                .isInstanceOf(PlaneException.FailedPrecondition.class)
                .hasMessage("this patient must be registered first");
    }

    @Test
    void refuses_again_who_comes_again_without_being_registered() {
        for (int i = 0; i < 3; i++) {
            assertThatThrownBy(() -> check(refusing)).isInstanceOf(PlaneException.FailedPrecondition.class);
        }
        await(store.putDevice(Device.provisional("d1", 0)));
        for (int i = 0; i < 3; i++) {
            assertThatThrownBy(() -> check(refusing)).hasMessageContaining("patient");
        }
    }

    @Test
    void takes_a_device_for_no_patient_of_the_same_name() {
        await(store.putDevice(Device.provisional("d1", 0)));
        await(store.putDevice(Device.provisional("ada", 0)));
        assertThatThrownBy(() -> check(refusing)).isInstanceOf(PlaneException.FailedPrecondition.class);
    }

    @Test
    void lets_in_from_the_moment_both_are_registered() {
        assertThatThrownBy(() -> check(refusing)).isInstanceOf(PlaneException.FailedPrecondition.class);
        await(store.putDevice(Device.provisional("d1", 0)));
        await(store.putPatient(Patient.provisional("ada", 0)));
        assertThatCode(() -> check(refusing)).doesNotThrowAnyException();
    }

    @Test
    void asks_no_more_for_those_it_has_found() {
        appendAll(store, oneReading(series("ada", "d1", HEART_RATE), 10, 60));
        check(refusing);
        store.close();
        assertThatCode(() -> check(refusing)).doesNotThrowAnyException();
    }

    @Test
    void refuses_when_it_cannot_find_out() {
        store.close();
        assertThatThrownBy(() -> check(refusing)).isInstanceOf(PlaneException.Unavailable.class);
    }
}
