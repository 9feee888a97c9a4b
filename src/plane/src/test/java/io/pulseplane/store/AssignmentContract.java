package io.pulseplane.store;

import static io.pulseplane.store.StoreContract.HEART_RATE_OF_D2;
import static io.pulseplane.store.StoreContract.await;
import static io.pulseplane.store.StoreContract.batch;
import static io.pulseplane.store.StoreContract.block;
import static io.pulseplane.store.StoreContract.device;
import static io.pulseplane.store.StoreContract.patient;
import static io.pulseplane.store.StoreContract.times;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import io.pulseplane.vitals.PlaneException;
import io.pulseplane.vitals.Subject;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The contract of assignments of devices to patients. */
abstract class AssignmentContract extends StoreContractPart {

    AssignmentContract(StoreContract contract) {
        super(contract);
    }

    @BeforeEach
    void register() {
        await(store().registry().putPatient(patient("p1", Optional.empty())));
        await(store().registry().putPatient(patient("p2", Optional.empty())));
        await(store().registry().putDevice(device("d1", Optional.empty(), Device.Status.ACTIVE)));
    }

    @Test
    void moves_a_device_from_one_patient_to_the_next() {
        var registry = store().registry();
        await(registry.assign("d1", "p1", 100));
        await(registry.assign("d1", "p2", 200));
        var all = await(registry.assignments(Optional.empty(), false, Long.MAX_VALUE, 9));
        assertThat(all)
                .extracting(Assignment::patient, Assignment::from, Assignment::to)
                .containsExactly(tuple("p2", 200L, OptionalLong.empty()), tuple("p1", 100L, OptionalLong.of(200)));
        assertThat(await(registry.assignments(Optional.of(new Subject.OfPatient("p1")), true, Long.MAX_VALUE, 9)))
                .isEmpty();
        assertThat(await(registry.assignments(Optional.of(new Subject.OfDevice("d1")), true, Long.MAX_VALUE, 9)))
                .hasSize(1);
        assertThat(await(registry.assignments(
                        Optional.empty(), false, all.getFirst().number(), 9)))
                .containsExactly(all.get(1));
    }

    @Test
    void keeps_the_assignment_if_the_device_is_assigned_to_the_patient_already() {
        var first = await(store().registry().assign("d1", "p1", 100));
        assertThat(await(store().registry().assign("d1", "p1", 500))).isEqualTo(first);
    }

    @Test
    void confirms_a_provisional_assignment() {
        append(batch(1, block(HEART_RATE_OF_D2, times(1), 60)));
        var confirmed = await(store().registry().assign("d2", "p1", clock().get() + 5));
        assertThat(confirmed.provisional()).isFalse();
        assertThat(confirmed.from()).isEqualTo(clock().get());
    }

    @Test
    void begins_a_confirmed_assignment_when_the_caller_says_if_that_is_earlier() {
        append(batch(1, block(HEART_RATE_OF_D2, times(1), 60)));
        assertThat(await(store().registry().assign("d2", "p1", 5)).from()).isEqualTo(5);
        assertThat(await(store().registry().assign("d2", "p1", 3)).from()).isEqualTo(5);
    }

    @Test
    void replaces_a_provisional_assignment_to_another_patient_also_from_an_earlier_time_on() {
        append(batch(1, block(HEART_RATE_OF_D2, times(1), 60)));
        var moved = await(store().registry().assign("d2", "p2", 5));
        assertThat(moved.from()).isEqualTo(5);
        assertThat(moved.provisional()).isFalse();
        var assumed = await(store().registry()
                        .assignments(Optional.of(new Subject.OfPatient("p1")), false, Long.MAX_VALUE, 9))
                .getFirst();
        assertThat(assumed.to()).hasValue(assumed.from());
    }

    @Test
    void releases_a_device() {
        await(store().registry().assign("d1", "p1", 100));
        assertThat(await(store().registry().release("d1", 300)).to()).hasValue(300);
        assertThatThrownBy(() -> await(store().registry().release("d1", 400)))
                .isInstanceOf(PlaneException.FailedPrecondition.class);
    }

    @Test
    void refuses_unregistered_and_retired_devices_and_times_before_the_assignment() {
        var registry = store().registry();
        assertThatThrownBy(() -> await(registry.assign("d9", "p1", 1))).isInstanceOf(PlaneException.NotFound.class);
        assertThatThrownBy(() -> await(registry.assign("d1", "p9", 1))).isInstanceOf(PlaneException.NotFound.class);
        assertThatThrownBy(() -> await(registry.release("d9", 1))).isInstanceOf(PlaneException.NotFound.class);
        await(registry.assign("d1", "p1", 100));
        assertThatThrownBy(() -> await(registry.assign("d1", "p2", 99)))
                .isInstanceOf(PlaneException.FailedPrecondition.class);
        assertThatThrownBy(() -> await(registry.release("d1", 99)))
                .isInstanceOf(PlaneException.FailedPrecondition.class);
        await(registry.putDevice(device("d1", Optional.empty(), Device.Status.RETIRED)));
        assertThatThrownBy(() -> await(registry.assign("d1", "p2", 200)))
                .isInstanceOf(PlaneException.FailedPrecondition.class);
    }
}
