package io.pulseplane.store;

import static io.pulseplane.store.StoreContract.HEART_RATE;
import static io.pulseplane.store.StoreContract.await;
import static io.pulseplane.store.StoreContract.batch;
import static io.pulseplane.store.StoreContract.block;
import static io.pulseplane.store.StoreContract.device;
import static io.pulseplane.store.StoreContract.patient;
import static io.pulseplane.store.StoreContract.times;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pulseplane.vitals.PlaneException;
import io.pulseplane.vitals.Subject;
import java.time.LocalDate;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

/** The contract of patients and devices. */
abstract class RegistrationContract extends StoreContractPart {

    RegistrationContract(StoreContract contract) {
        super(contract);
    }

    @Test
    void registers_patient_and_device_of_a_first_batch_provisionally() {
        append(batch(3, block(HEART_RATE, times(10), 60)));
        var registry = store().registry();
        assertThat(await(registry.patient("p1"))).contains(Patient.provisional("p1", clock().get()));
        var device = await(registry.device("d1")).orElseThrow();
        assertThat(device.provisional()).isTrue();
        assertThat(device.lastSeenAt()).isEqualTo(clock().get());
        assertThat(device.lastSequence()).isEqualTo(3);
        assertThat(await(registry.assignments(Optional.empty(), true, Long.MAX_VALUE, 9)))
                .containsExactly(new Assignment(1, "d1", "p1", clock().get(), OptionalLong.empty(), true));
        assertThat(await(registry.isRegistered(new Subject.OfPatient("p1")))).isTrue();
        assertThat(await(registry.isRegistered(new Subject.OfDevice("d1")))).isTrue();
        assertThat(await(registry.isRegistered(new Subject.OfDevice("p1")))).isFalse();
    }

    @Test
    void completes_a_provisional_patient_and_keeps_the_time_of_creation() {
        append(batch(1, block(HEART_RATE, times(10), 60)));
        long created = clock().getAndAdd(1_000);
        var stored = await(store().registry().putPatient(patient("p1", Optional.of("MRN-1"))));
        assertThat(stored.created()).isFalse();
        assertThat(stored.item())
                .isEqualTo(new Patient(
                        "p1",
                        Optional.of("MRN-1"),
                        "Ada",
                        "Lovelace",
                        Optional.of(LocalDate.of(1815, 12, 10)),
                        Optional.of(Patient.Gender.FEMALE),
                        "+44 1",
                        "a@b",
                        false,
                        created,
                        created + 1_000));
        assertThat(await(store().registry().patient("p1"))).contains(stored.item());
    }

    @Test
    void keeps_an_mrn_unique_but_allows_many_patients_without_one() {
        var registry = store().registry();
        assertThat(await(registry.putPatient(patient("p1", Optional.of("MRN-1"))))
                        .created())
                .isTrue();
        await(registry.putPatient(patient("p2", Optional.empty())));
        await(registry.putPatient(patient("p3", Optional.empty())));
        assertThatThrownBy(() -> await(registry.putPatient(patient("p2", Optional.of("MRN-1")))))
                .isInstanceOf(PlaneException.AlreadyExists.class);
        assertThat(await(registry.putPatient(patient("p1", Optional.of("MRN-1"))))
                        .created())
                .isFalse();
        assertThat(await(registry.patientByMrn("MRN-1")).orElseThrow().id()).isEqualTo("p1");
        assertThat(await(registry.patientByMrn("MRN-2"))).isEmpty();
    }

    @Test
    void lists_patients_by_id_in_pages() {
        for (var id : List.of("b", "ä", "a", "\uD83D\uDC93", "\uFFFD")) {
            await(store().registry().putPatient(patient(id, Optional.empty())));
        }
        var first = await(store().registry().patientsAfter("", 3));
        var second = await(store().registry().patientsAfter(first.getLast().id(), 3));
        assertThat(first).extracting(Patient::id).containsExactly("a", "b", "ä");
        assertThat(second).extracting(Patient::id).containsExactly("\uFFFD", "\uD83D\uDC93");
    }

    @Test
    void keeps_the_fields_that_the_store_sets_when_a_device_is_replaced() {
        append(batch(4, block(HEART_RATE, times(10), 60)));
        clock().addAndGet(1_000);
        var put = await(store().registry().putDevice(device("d1", Optional.of("SN-1"), Device.Status.MAINTENANCE)));
        assertThat(put.created()).isFalse();
        assertThat(put.item().lastSequence()).isEqualTo(4);
        assertThat(put.item().lastSeenAt()).isEqualTo(clock().get() - 1_000);
        assertThat(put.item().status()).isEqualTo(Device.Status.MAINTENANCE);
        assertThat(put.item().provisional()).isFalse();
        assertThat(await(store().registry().deviceBySerialNumber("SN-1"))).contains(put.item());
    }

    @Test
    void keeps_a_serial_number_unique() {
        await(store().registry().putDevice(device("d1", Optional.of("SN-1"), Device.Status.ACTIVE)));
        assertThatThrownBy(() ->
                        await(store().registry().putDevice(device("d2", Optional.of("SN-1"), Device.Status.ACTIVE))))
                .isInstanceOf(PlaneException.AlreadyExists.class);
    }

    @Test
    void lists_devices_by_status() {
        await(store().registry().putDevice(device("d1", Optional.empty(), Device.Status.ACTIVE)));
        await(store().registry().putDevice(device("d2", Optional.empty(), Device.Status.RETIRED)));
        await(store().registry().putDevice(device("d3", Optional.empty(), Device.Status.ACTIVE)));
        assertThat(await(store().registry().devicesAfter("", Optional.of(Device.Status.ACTIVE), 9)))
                .extracting(Device::id)
                .containsExactly("d1", "d3");
        assertThat(await(store().registry().devicesAfter("d1", Optional.empty(), 1)))
                .extracting(Device::id)
                .containsExactly("d2");
    }
}
