package io.pulseplane.store;

import static io.pulseplane.store.StoreContract.await;
import static io.pulseplane.store.StoreContract.batch;
import static io.pulseplane.store.StoreContract.block;
import static io.pulseplane.store.StoreContract.patient;
import static io.pulseplane.store.StoreContract.times;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pulseplane.vitals.PlaneException;
import io.pulseplane.vitals.Reading;
import io.pulseplane.vitals.Series;
import io.pulseplane.vitals.Subject;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The contract of erasure. */
abstract class ErasureContract extends StoreContractPart {

    private static final Series HEART_RATE = StoreContract.HEART_RATE;
    private static final Series HEART_RATE_OF_P2 = new Series("p2", "d1", "8867-4", "/min");

    ErasureContract(StoreContract contract) {
        super(contract);
    }

    @BeforeEach
    void store_readings_of_two_patients_on_one_device() {
        await(store().registry().putPatient(patient("p1", Optional.of("mrn-1"))));
        append(batch(1, block(HEART_RATE, times(10, 20), 60, 61)));
        append(batch(2, block(HEART_RATE_OF_P2, times(15), 70)));
        await(store().registry()
                .putConsent(new Consent(0, "p1", true, 0, OptionalLong.empty(), List.of(), "somebody", 0)));
    }

    private long erase() {
        return await(store().registry().erasePatient("p1"));
    }

    @Test
    void removes_all_data_of_the_patient_and_keeps_that_of_others() {
        erase();
        assertErased();
        reopen();
        assertErased();
    }

    private void assertErased() {
        var registry = store().registry();
        var patient = new Subject.OfPatient("p1");
        assertThat(await(registry.isRegistered(patient))).isFalse();
        assertThat(await(registry.patient("p1"))).isEmpty();
        assertThat(await(registry.patientByMrn("mrn-1"))).isEmpty();
        assertThat(await(registry.patientsAfter("", 10)))
                .extracting(Patient::id)
                .containsExactly("p2");
        assertThat(await(registry.consent("p1"))).isEmpty();
        assertThat(await(registry.assignments(Optional.empty(), false, Long.MAX_VALUE, 10)))
                .isEmpty();
        assertThat(await(store().readings().series(patient))).isEmpty();
        assertThat(await(store().readings().latest(patient))).isEmpty();
        assertThat(all(HEART_RATE).isEmpty()).isTrue();

        var device = new Subject.OfDevice("d1");
        assertThat(await(store().readings().series(device))).containsExactly(HEART_RATE_OF_P2);
        assertThat(await(store().readings().latest(device))).containsExactly(new Reading(HEART_RATE_OF_P2, 15, 70));
        assertThat(await(store().size()).patients()).isEqualTo(1);
    }

    @Test
    void second_erasure_returns_the_time_of_the_first() {
        long first = erase();
        clock().addAndGet(5);
        assertThat(erase()).isEqualTo(first);
        reopen();
        assertThat(erase()).isEqualTo(first);
    }

    @Test
    void refuses_to_erase_an_unknown_patient() {
        assertThatThrownBy(() -> await(store().registry().erasePatient("nobody")))
                .isInstanceOf(PlaneException.NotFound.class);
    }

    @Test
    void refuses_later_batches_of_the_patient() {
        erase();
        assertThat(append(batch(3, block(HEART_RATE, times(30), 62)))).isInstanceOf(AppendResult.PatientErased.class);
        reopen();
        assertThat(append(batch(3, block(HEART_RATE, times(30), 62)))).isInstanceOf(AppendResult.PatientErased.class);
        assertThat(all(HEART_RATE).isEmpty()).isTrue();
        assertThat(append(batch(4, block(HEART_RATE_OF_P2, times(30), 71)))).isInstanceOf(AppendResult.Stored.class);
    }

    /** The device may never have got the first answer. Its readings must not become those of another person. */
    @Test
    void a_batch_of_the_patient_that_comes_again_is_not_stored_for_a_new_patient_of_the_same_id() {
        var repeated = batch(1, block(HEART_RATE, times(10, 20), 60, 61));
        erase();
        assertThat(append(repeated)).isInstanceOf(AppendResult.PatientErased.class);
        clock().addAndGet(5);
        await(store().registry().putPatient(patient("p1", Optional.of("mrn-1"))));
        assertRefused(append(repeated));
        reopen();
        assertRefused(append(repeated));
        assertThat(all(HEART_RATE).isEmpty()).isTrue();
        assertThat(append(batch(2, block(HEART_RATE_OF_P2, times(15), 70)))).isInstanceOf(AppendResult.Repeated.class);
    }

    private static void assertRefused(AppendResult result) {
        assertThat(result).isInstanceOfAny(AppendResult.PatientErased.class, AppendResult.SequenceConflict.class);
    }

    @Test
    void id_can_be_registered_again_as_a_new_patient() {
        erase();
        clock().addAndGet(5);
        assertThat(await(store().registry().putPatient(patient("p1", Optional.of("mrn-1"))))
                        .created())
                .isTrue();
        assertThat(all(HEART_RATE).isEmpty()).isTrue();
        assertThat(append(batch(3, block(HEART_RATE, times(10), 99)))).isInstanceOf(AppendResult.Stored.class);
        assertThat(all(HEART_RATE).values()).containsExactly(99);
        assertThat(await(store().readings().latest(new Subject.OfPatient("p1"))))
                .containsExactly(new Reading(HEART_RATE, 10, 99));

        long second = erase();
        assertThat(second).isEqualTo(clock().get());
        assertThat(all(HEART_RATE).isEmpty()).isTrue();
    }
}
