package io.pulseplane.store;

import static io.pulseplane.store.StoreContract.await;
import static io.pulseplane.store.StoreContract.batch;
import static io.pulseplane.store.StoreContract.block;
import static io.pulseplane.store.StoreContract.patient;
import static io.pulseplane.store.StoreContract.times;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pulseplane.vitals.Problem;
import io.pulseplane.vitals.Reading;
import io.pulseplane.vitals.Series;
import io.pulseplane.vitals.Subject;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What it means to be erased. */
abstract class ErasingContract extends OpenedStore {

    private static final Series PULSE = StoreContract.PULSE;
    private static final Series OF_ANOTHER = new Series("p2", "d1", "8867-4", "/min");

    ErasingContract(StoreContract contract) {
        super(contract);
    }

    @BeforeEach
    void two_patients_on_one_device() {
        await(store().registry().putPatient(patient("p1", Optional.of("mrn-1"))));
        append(batch(1, block(PULSE, times(10, 20), 60, 61)));
        append(batch(2, block(OF_ANOTHER, times(15), 70)));
        await(store().registry()
                .putConsent(new Consent(0, "p1", true, 0, OptionalLong.empty(), List.of(), "somebody", 0)));
    }

    private long erase() {
        return await(store().registry().erasePatient("p1"));
    }

    @Test
    void shows_nothing_of_the_patient_any_more_and_all_of_the_others() {
        erase();
        assertNothingIsLeft();
        reopen();
        assertNothingIsLeft();
    }

    private void assertNothingIsLeft() {
        var registry = store().registry();
        var patient = new Subject.OfPatient("p1");
        assertThat(await(registry.knows(patient))).isFalse();
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
        assertThat(all(PULSE).isEmpty()).isTrue();

        var device = new Subject.OfDevice("d1");
        assertThat(await(store().readings().series(device))).containsExactly(OF_ANOTHER);
        assertThat(await(store().readings().latest(device))).containsExactly(new Reading(OF_ANOTHER, 15, 70));
        assertThat(await(store().size()).patients()).isEqualTo(1);
    }

    @Test
    void answers_again_as_the_first_time() {
        long first = erase();
        clock().addAndGet(5);
        assertThat(erase()).isEqualTo(first);
        reopen();
        assertThat(erase()).isEqualTo(first);
    }

    @Test
    void of_nobody_is_refused() {
        assertThatThrownBy(() -> await(store().registry().erasePatient("nobody")))
                .isInstanceOf(Problem.NotFound.class);
    }

    @Test
    void refuses_what_devices_go_on_to_send_of_the_patient() {
        erase();
        assertThat(append(batch(3, block(PULSE, times(30), 62)))).isInstanceOf(Receipt.PatientErased.class);
        reopen();
        assertThat(append(batch(3, block(PULSE, times(30), 62)))).isInstanceOf(Receipt.PatientErased.class);
        assertThat(all(PULSE).isEmpty()).isTrue();
        assertThat(append(batch(4, block(OF_ANOTHER, times(30), 71)))).isInstanceOf(Receipt.Stored.class);
    }

    @Test
    void lets_the_id_be_registered_anew_for_somebody_who_has_no_past() {
        erase();
        clock().addAndGet(5);
        assertThat(await(store().registry().putPatient(patient("p1", Optional.of("mrn-1"))))
                        .created())
                .isTrue();
        assertThat(all(PULSE).isEmpty()).isTrue();
        assertThat(append(batch(3, block(PULSE, times(10), 99)))).isInstanceOf(Receipt.Stored.class);
        assertThat(all(PULSE).values()).containsExactly(99);
        assertThat(await(store().readings().latest(new Subject.OfPatient("p1"))))
                .containsExactly(new Reading(PULSE, 10, 99));

        long second = erase();
        assertThat(second).isEqualTo(clock().get());
        assertThat(all(PULSE).isEmpty()).isTrue();
    }
}
