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
    private final RegistrationCheck strictCheck = new RegistrationCheck(UnregisteredPolicy.REFUSE, store);

    private void check(RegistrationCheck registration) {
        await(registration.check(BATCH));
    }

    @Test
    void accept_policy_accepts_every_batch_without_a_lookup() {
        store.close();
        assertThatCode(() -> check(new RegistrationCheck(UnregisteredPolicy.ACCEPT, store)))
                .doesNotThrowAnyException();
    }

    @Test
    void refuses_an_unregistered_device_and_an_unregistered_patient() {
        assertThatThrownBy(() -> check(strictCheck))
                .isInstanceOf(PlaneException.FailedPrecondition.class)
                .hasMessage("this device must be registered first");
        await(store.putDevice(Device.provisional("d1", 0)));
        assertThatThrownBy(() -> check(strictCheck))
                .isInstanceOf(PlaneException.FailedPrecondition.class)
                .hasMessage("this patient must be registered first");
    }

    @Test
    void refuses_repeated_batches_until_both_are_registered() {
        for (int i = 0; i < 3; i++) {
            assertThatThrownBy(() -> check(strictCheck)).isInstanceOf(PlaneException.FailedPrecondition.class);
        }
        await(store.putDevice(Device.provisional("d1", 0)));
        for (int i = 0; i < 3; i++) {
            assertThatThrownBy(() -> check(strictCheck)).hasMessageContaining("patient");
        }
    }

    @Test
    void does_not_accept_a_device_as_a_patient_of_the_same_id() {
        await(store.putDevice(Device.provisional("d1", 0)));
        await(store.putDevice(Device.provisional("ada", 0)));
        assertThatThrownBy(() -> check(strictCheck)).isInstanceOf(PlaneException.FailedPrecondition.class);
    }

    @Test
    void accepts_batches_as_soon_as_both_are_registered() {
        assertThatThrownBy(() -> check(strictCheck)).isInstanceOf(PlaneException.FailedPrecondition.class);
        await(store.putDevice(Device.provisional("d1", 0)));
        await(store.putPatient(Patient.provisional("ada", 0)));
        assertThatCode(() -> check(strictCheck)).doesNotThrowAnyException();
    }

    @Test
    void caches_registered_subjects() {
        appendAll(store, oneReading(series("ada", "d1", HEART_RATE), 10, 60));
        check(strictCheck);
        store.close();
        assertThatCode(() -> check(strictCheck)).doesNotThrowAnyException();
    }

    @Test
    void fails_if_the_registry_fails() {
        store.close();
        assertThatThrownBy(() -> check(strictCheck)).isInstanceOf(PlaneException.Unavailable.class);
    }
}
