package io.pulseplane.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Status;
import io.pulseplane.v1.AssignDeviceRequest;
import io.pulseplane.v1.Assignment;
import io.pulseplane.v1.Consent;
import io.pulseplane.v1.Device;
import io.pulseplane.v1.DeviceStatus;
import io.pulseplane.v1.ErasePatientRequest;
import io.pulseplane.v1.Gender;
import io.pulseplane.v1.GetConsentRequest;
import io.pulseplane.v1.GetDeviceRequest;
import io.pulseplane.v1.GetPatientRequest;
import io.pulseplane.v1.ListAssignmentsRequest;
import io.pulseplane.v1.ListConsentsRequest;
import io.pulseplane.v1.ListConsentsResponse;
import io.pulseplane.v1.ListDevicesRequest;
import io.pulseplane.v1.ListPatientsRequest;
import io.pulseplane.v1.Patient;
import io.pulseplane.v1.PutConsentRequest;
import io.pulseplane.v1.PutDeviceRequest;
import io.pulseplane.v1.PutPatientRequest;
import io.pulseplane.v1.ReleaseDeviceRequest;
import io.pulseplane.vitals.EpochMicros;
import io.quarkus.test.junit.QuarkusTest;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@QuarkusTest
class RegistryServiceTest extends PlaneTest {

    @Test
    void keeps_a_patient() {
        var sent = Patient.newBuilder()
                .setPatientId(patient)
                .setMrn("MRN-" + patient)
                .setGivenName("Ada Augusta")
                .setFamilyName("Lovelace")
                .setDateOfBirth("1915-12-10")
                .setGender(Gender.GENDER_FEMALE)
                .setPhone("+44 20 7946 0000")
                .setEmail("ada@example.org")
                .build();
        var put = putPatient(sent);
        assertThat(put.getCreatedUs()).isPositive().isEqualTo(put.getUpdatedUs());
        assertThat(put.toBuilder().clearCreatedUs().clearUpdatedUs().build()).isEqualTo(sent);
        assertThat(getPatient(GetPatientRequest.newBuilder().setPatientId(patient)))
                .isEqualTo(put);
        assertThat(getPatient(GetPatientRequest.newBuilder().setMrn(sent.getMrn())))
                .isEqualTo(put);
    }

    @Test
    void completes_a_patient_that_a_batch_registered() {
        put(heartRates(times(T0), 60));
        var response = registry.putPatient(PutPatientRequest.newBuilder()
                .setPatient(Patient.newBuilder().setPatientId(patient).setGivenName("Ada"))
                .build());
        assertThat(response.getCreated()).isFalse();
        assertThat(response.getPatient().getProvisional()).isFalse();
    }

    @Test
    void refuses_an_mrn_that_is_taken() {
        putPatient(Patient.newBuilder()
                .setPatientId(patient)
                .setMrn("MRN-" + patient)
                .build());
        assertRefused(
                Status.Code.ALREADY_EXISTS,
                "",
                () -> putPatient(Patient.newBuilder()
                        .setPatientId(patient + "-2")
                        .setMrn("MRN-" + patient)
                        .build()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"1849-12-31", "2999-01-01", "2001-02-29", "10.12.1915", "yesterday"})
    void refuses_an_invalid_date_of_birth(String date) {
        assertRefused(
                Status.Code.INVALID_ARGUMENT,
                "patient.date_of_birth",
                () -> putPatient(Patient.newBuilder()
                        .setPatientId(patient)
                        .setDateOfBirth(date)
                        .build()));
    }

    @Test
    void takes_a_name_with_a_joiner_and_refuses_an_id_with_one() {
        var name = "علی\u200Cرضا";
        var named =
                Patient.newBuilder().setPatientId(patient).setGivenName(name).build();
        assertThat(putPatient(named).getGivenName()).isEqualTo(name);
        assertThat(getPatient(GetPatientRequest.newBuilder().setPatientId(patient))
                        .getGivenName())
                .isEqualTo(name);
        assertRefused(
                Status.Code.INVALID_ARGUMENT,
                "patient.patient_id",
                () -> putPatient(Patient.newBuilder().setPatientId(name).build()));
        assertRefused(
                Status.Code.INVALID_ARGUMENT,
                "patient.mrn",
                () -> putPatient(named.toBuilder().setMrn("7\u3164").build()));
        assertRefused(
                Status.Code.INVALID_ARGUMENT,
                "device.serial_number",
                () -> putDevice(Device.newBuilder()
                        .setDeviceId("m-1")
                        .setSerialNumber("SN\u00A01")
                        .build()));
    }

    @Test
    void refuses_every_invalid_field() {
        assertRefused(
                Status.Code.INVALID_ARGUMENT,
                "patient",
                () -> registry.putPatient(PutPatientRequest.getDefaultInstance()));
        assertRefused(
                Status.Code.INVALID_ARGUMENT, "patient.patient_id", () -> putPatient(Patient.getDefaultInstance()));
        assertRefused(
                Status.Code.INVALID_ARGUMENT,
                "patient.family_name",
                () -> putPatient(
                        Patient.newBuilder().setFamilyName("x".repeat(201)).build()));
        assertRefused(
                Status.Code.INVALID_ARGUMENT,
                "patient.email",
                () -> putPatient(Patient.newBuilder().setEmail("@nowhere").build()));
        assertRefused(
                Status.Code.INVALID_ARGUMENT,
                "patient.phone",
                () -> putPatient(Patient.newBuilder().setPhone("\u0000").build()));
        assertRefused(
                Status.Code.INVALID_ARGUMENT,
                "patient.gender",
                () -> putPatient(Patient.newBuilder().setGenderValue(9).build()));
        assertRefused(
                Status.Code.INVALID_ARGUMENT,
                "device.status",
                () -> putDevice(Device.newBuilder().setStatusValue(9).build()));
        assertRefused(
                Status.Code.INVALID_ARGUMENT,
                "device.model",
                () -> putDevice(Device.newBuilder().setModel("x".repeat(101)).build()));
    }

    @Test
    void keeps_a_device_and_the_fields_of_the_store() {
        put(heartRates(times(T0), 60));
        var put = putDevice(Device.newBuilder()
                .setDeviceId(device)
                .setSerialNumber("SN-" + device)
                .setDeviceType("bedside monitor")
                .setStatus(DeviceStatus.DEVICE_STATUS_MAINTENANCE)
                .build());
        assertThat(put.getLastSequence()).isEqualTo(1);
        assertThat(put.getLastSeenUs()).isPositive();
        assertThat(put.getProvisional()).isFalse();
        assertThat(registry.getDevice(GetDeviceRequest.newBuilder()
                                .setSerialNumber("SN-" + device)
                                .build())
                        .getDevice())
                .isEqualTo(put);
    }

    @Test
    void a_device_without_a_status_is_active() {
        assertThat(putDevice(Device.newBuilder().setDeviceId(device).build()).getStatus())
                .isEqualTo(DeviceStatus.DEVICE_STATUS_ACTIVE);
    }

    @Test
    void fails_for_unknown_patients_and_devices() {
        assertRefused(
                Status.Code.NOT_FOUND,
                "",
                () -> getPatient(GetPatientRequest.newBuilder().setPatientId("nobody")));
        assertRefused(
                Status.Code.NOT_FOUND,
                "",
                () -> getPatient(GetPatientRequest.newBuilder().setMrn("none")));
        assertRefused(Status.Code.INVALID_ARGUMENT, "key", () -> getPatient(GetPatientRequest.newBuilder()));
        assertRefused(
                Status.Code.NOT_FOUND,
                "",
                () -> registry.getDevice(
                        GetDeviceRequest.newBuilder().setDeviceId("nothing").build()));
    }

    @Test
    void lists_patients_in_pages_each_once() {
        for (int i = 0; i < 7; i++) {
            putPatient(Patient.newBuilder().setPatientId(patient + "-" + i).build());
        }
        var ids = new ArrayList<String>();
        var token = "";
        do {
            var page = registry.listPatients(ListPatientsRequest.newBuilder()
                    .setPageSize(3)
                    .setPageToken(token)
                    .build());
            assertThat(page.getPatientsCount()).isLessThanOrEqualTo(3);
            page.getPatientsList().forEach(p -> ids.add(p.getPatientId()));
            token = page.getNextPageToken();
        } while (!token.isEmpty());
        assertThat(new HashSet<>(ids)).hasSameSizeAs(ids);
        assertThat(ids).contains(patient + "-0", patient + "-6").isSorted();
    }

    @Test
    void lists_devices_of_one_status() {
        putDevice(Device.newBuilder()
                .setDeviceId(device)
                .setStatus(DeviceStatus.DEVICE_STATUS_RETIRED)
                .build());
        var retired = registry.listDevices(ListDevicesRequest.newBuilder()
                        .setStatus(DeviceStatus.DEVICE_STATUS_RETIRED)
                        .setPageSize(1_000)
                        .build())
                .getDevicesList();
        assertThat(retired).extracting(Device::getDeviceId).contains(device);
        assertThat(retired).extracting(Device::getStatus).containsOnly(DeviceStatus.DEVICE_STATUS_RETIRED);
    }

    @Test
    void refuses_an_invalid_page_token_and_a_too_large_page() {
        assertRefused(
                Status.Code.INVALID_ARGUMENT,
                "page_token",
                () -> registry.listPatients(
                        ListPatientsRequest.newBuilder().setPageToken("%").build()));
        assertRefused(
                Status.Code.INVALID_ARGUMENT,
                "page_size",
                () -> registry.listDevices(
                        ListDevicesRequest.newBuilder().setPageSize(1_001).build()));
        assertRefused(
                Status.Code.INVALID_ARGUMENT,
                "page_token",
                () -> registry.listAssignments(
                        ListAssignmentsRequest.newBuilder().setPageToken("eHl6").build()));
    }

    @Test
    void moves_a_device_between_patients() {
        put(heartRates(times(T0), 60));
        var second =
                putPatient(Patient.newBuilder().setPatientId(patient + "-2").build());
        var assigned = registry.assignDevice(AssignDeviceRequest.newBuilder()
                        .setDeviceId(device)
                        .setPatientId(second.getPatientId())
                        .build())
                .getAssignment();
        assertThat(assigned.getProvisional()).isFalse();
        var history = assignments(ListAssignmentsRequest.newBuilder().setDeviceId(device));
        assertThat(history).extracting(Assignment::getPatientId).containsExactly(second.getPatientId(), patient);
        assertThat(history.get(1).getToUs()).isEqualTo(history.get(0).getFromUs());
        var released = registry.releaseDevice(
                        ReleaseDeviceRequest.newBuilder().setDeviceId(device).build())
                .getAssignment();
        assertThat(released.hasToUs()).isTrue();
        assertThat(assignments(ListAssignmentsRequest.newBuilder()
                        .setPatientId(second.getPatientId())
                        .setCurrentOnly(true)))
                .isEmpty();
        assertRefused(
                Status.Code.FAILED_PRECONDITION,
                "",
                () -> registry.releaseDevice(
                        ReleaseDeviceRequest.newBuilder().setDeviceId(device).build()));
    }

    @Test
    void takes_a_time_that_is_a_little_ahead_for_now() {
        put(heartRates(times(T0), 60));
        long before = EpochMicros.now();
        var second = putPatient(
                Patient.newBuilder().setPatientId(patient + "-second").build());
        var assigned = registry.assignDevice(AssignDeviceRequest.newBuilder()
                        .setDeviceId(device)
                        .setPatientId(second.getPatientId())
                        .setFromUs(EpochMicros.now() + 2_000_000)
                        .build())
                .getAssignment();
        assertThat(assigned.getFromUs()).isBetween(before, EpochMicros.now());
        var released = registry.releaseDevice(ReleaseDeviceRequest.newBuilder()
                        .setDeviceId(device)
                        .setToUs(EpochMicros.now() + 2_000_000)
                        .build())
                .getAssignment();
        assertThat(released.getToUs()).isBetween(assigned.getFromUs(), EpochMicros.now());
    }

    @Test
    void refuses_assignments_in_the_future_or_of_unregistered_devices() {
        put(heartRates(times(T0), 60));
        assertRefused(
                Status.Code.INVALID_ARGUMENT,
                "from_us",
                () -> registry.assignDevice(AssignDeviceRequest.newBuilder()
                        .setDeviceId(device)
                        .setPatientId(patient)
                        .setFromUs(Long.MAX_VALUE)
                        .build()));
        assertRefused(
                Status.Code.NOT_FOUND,
                "",
                () -> registry.assignDevice(AssignDeviceRequest.newBuilder()
                        .setDeviceId(device)
                        .setPatientId("nobody")
                        .build()));
    }

    @Test
    void erases_a_patient_and_answers_a_second_erasure_the_same() {
        putPatient(Patient.newBuilder().setPatientId(patient).build());
        var request = ErasePatientRequest.newBuilder()
                .setPatientId(patient)
                .setReason("asked for in writing")
                .build();
        var erased = registry.erasePatient(request);
        assertThat(erased.getErasedUs()).isPositive();
        assertRefused(
                Status.Code.NOT_FOUND,
                "",
                () -> registry.getPatient(
                        GetPatientRequest.newBuilder().setPatientId(patient).build()));
        assertThat(registry.erasePatient(request)).isEqualTo(erased);
    }

    @Test
    void refuses_an_erasure_without_a_reason() {
        assertRefused(
                Status.Code.INVALID_ARGUMENT,
                "reason",
                () -> registry.erasePatient(
                        ErasePatientRequest.newBuilder().setPatientId(patient).build()));
    }

    @Nested
    class Consents {

        private Consent put(Consent.Builder consent) {
            return registry.putConsent(PutConsentRequest.newBuilder()
                            .setConsent(consent.setPatientId(patient))
                            .build())
                    .getConsent();
        }

        private Consent get() {
            return registry.getConsent(
                            GetConsentRequest.newBuilder().setPatientId(patient).build())
                    .getConsent();
        }

        @Test
        void are_kept_in_order() {
            putPatient(Patient.newBuilder().setPatientId(patient).build());
            assertRefused(Status.Code.NOT_FOUND, "", this::get);
            var granted = put(Consent.newBuilder()
                    .setGranted(true)
                    .setToUs(Long.MAX_VALUE)
                    .addCodes(HEART_RATE));
            assertThat(granted.getCodesList()).containsExactly(HEART_RATE);
            assertThat(granted.getToUs()).isEqualTo(Long.MAX_VALUE);
            assertThat(granted.getFromUs()).isPositive().isLessThanOrEqualTo(granted.getRecordedUs());
            assertThat(get()).isEqualTo(granted);
            var withdrawn = put(Consent.newBuilder());
            assertThat(withdrawn.getGranted()).isFalse();
            assertThat(get()).isEqualTo(withdrawn);

            var first = list("");
            assertThat(first.getConsentsList()).containsExactly(withdrawn);
            var second = list(first.getNextPageToken());
            assertThat(second.getConsentsList()).containsExactly(granted);
            assertThat(second.getNextPageToken()).isEmpty();
        }

        private ListConsentsResponse list(String token) {
            return registry.listConsents(ListConsentsRequest.newBuilder()
                    .setPatientId(patient)
                    .setPageSize(1)
                    .setPageToken(token)
                    .build());
        }

        @Test
        void are_accepted_of_registered_patients_only() {
            assertRefused(
                    Status.Code.NOT_FOUND, "", () -> put(Consent.newBuilder().setGranted(true)));
        }

        @Test
        void that_are_malformed_are_refused() {
            assertRefused(
                    Status.Code.INVALID_ARGUMENT,
                    "consent",
                    () -> registry.putConsent(PutConsentRequest.getDefaultInstance()));
            assertConsentRefused(
                    "consent.to_us",
                    Consent.newBuilder().setGranted(true).setFromUs(5).setToUs(5));
            assertConsentRefused(
                    "consent.from_us", Consent.newBuilder().setGranted(true).setFromUs(-1));
            assertConsentRefused(
                    "consent.codes[1]",
                    Consent.newBuilder().setGranted(true).addCodes("a").addCodes("b\n"));
            assertConsentRefused("consent.codes", Consent.newBuilder().addCodes("a"));
            assertConsentRefused("consent.to_us", Consent.newBuilder().setToUs(Long.MAX_VALUE));
            assertConsentRefused("consent.from_us", Consent.newBuilder().setFromUs(1));
        }

        private void assertConsentRefused(String field, Consent.Builder consent) {
            assertRefused(Status.Code.INVALID_ARGUMENT, field, () -> put(consent));
        }
    }

    private Patient putPatient(Patient sent) {
        return registry.putPatient(
                        PutPatientRequest.newBuilder().setPatient(sent).build())
                .getPatient();
    }

    private Patient getPatient(GetPatientRequest.Builder key) {
        return registry.getPatient(key.build()).getPatient();
    }

    private Device putDevice(Device sent) {
        return registry.putDevice(PutDeviceRequest.newBuilder().setDevice(sent).build())
                .getDevice();
    }

    private List<Assignment> assignments(ListAssignmentsRequest.Builder request) {
        return registry.listAssignments(request.build()).getAssignmentsList();
    }
}
