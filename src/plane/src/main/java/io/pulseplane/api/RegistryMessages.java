package io.pulseplane.api;

import io.pulseplane.v1.Assignment;
import io.pulseplane.v1.Device;
import io.pulseplane.v1.DeviceStatus;
import io.pulseplane.v1.Gender;
import io.pulseplane.v1.Patient;
import java.time.LocalDate;

/** Converts patients, devices and assignments to messages. */
final class RegistryMessages {

    private RegistryMessages() {}

    static Patient patient(io.pulseplane.store.Patient patient) {
        return Patient.newBuilder()
                .setPatientId(patient.id())
                .setMrn(patient.mrn().orElse(""))
                .setGivenName(patient.givenName())
                .setFamilyName(patient.familyName())
                .setDateOfBirth(patient.dateOfBirth().map(LocalDate::toString).orElse(""))
                .setGender(patient.gender().map(RegistryMessages::gender).orElse(Gender.GENDER_UNSPECIFIED))
                .setPhone(patient.phone())
                .setEmail(patient.email())
                .setProvisional(patient.provisional())
                .setCreatedUs(patient.createdAt())
                .setUpdatedUs(patient.updatedAt())
                .build();
    }

    private static Gender gender(io.pulseplane.store.Patient.Gender gender) {
        return switch (gender) {
            case MALE -> Gender.GENDER_MALE;
            case FEMALE -> Gender.GENDER_FEMALE;
            case OTHER -> Gender.GENDER_OTHER;
        };
    }

    static Device device(io.pulseplane.store.Device device) {
        return Device.newBuilder()
                .setDeviceId(device.id())
                .setSerialNumber(device.serialNumber().orElse(""))
                .setDeviceType(device.type())
                .setManufacturer(device.manufacturer())
                .setModel(device.model())
                .setFirmwareVersion(device.firmwareVersion())
                .setStatus(status(device.status()))
                .setLastSeenUs(device.lastSeenAt())
                .setLastSequence(device.lastSequence())
                .setProvisional(device.provisional())
                .setCreatedUs(device.createdAt())
                .setUpdatedUs(device.updatedAt())
                .build();
    }

    private static DeviceStatus status(io.pulseplane.store.Device.Status status) {
        return switch (status) {
            case ACTIVE -> DeviceStatus.DEVICE_STATUS_ACTIVE;
            case INACTIVE -> DeviceStatus.DEVICE_STATUS_INACTIVE;
            case MAINTENANCE -> DeviceStatus.DEVICE_STATUS_MAINTENANCE;
            case RETIRED -> DeviceStatus.DEVICE_STATUS_RETIRED;
        };
    }

    static Assignment assignment(io.pulseplane.store.Assignment assignment) {
        var message = Assignment.newBuilder()
                .setDeviceId(assignment.device())
                .setPatientId(assignment.patient())
                .setFromUs(assignment.from())
                .setProvisional(assignment.provisional());
        assignment.to().ifPresent(message::setToUs);
        return message.build();
    }
}
