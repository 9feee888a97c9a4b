package io.pulseplane.vitals;

/** The patient or device whose readings a query is about. */
public sealed interface Subject {

    String id();

    /** All readings of a patient, from every device. */
    record OfPatient(String id) implements Subject {}

    /** All readings of a device, from every patient. */
    record OfDevice(String id) implements Subject {}

    /** Returns whether a series belongs to this subject. */
    default boolean covers(Series series) {
        return switch (this) {
            case OfPatient(var patient) -> patient.equals(series.patient());
            case OfDevice(var device) -> device.equals(series.device());
        };
    }
}
