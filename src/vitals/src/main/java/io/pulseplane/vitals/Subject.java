package io.pulseplane.vitals;

/** Of whom or of what a question is. */
public sealed interface Subject {

    String id();

    /** Everything measured of a patient, whatever the device. */
    record OfPatient(String id) implements Subject {}

    /** Everything measured by a device, whoever the patient. */
    record OfDevice(String id) implements Subject {}

    /** Whether a series belongs to this subject. */
    default boolean covers(Series series) {
        return switch (this) {
            case OfPatient(var patient) -> patient.equals(series.patient());
            case OfDevice(var device) -> device.equals(series.device());
        };
    }
}
