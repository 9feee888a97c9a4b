package io.pulseplane.gate;

import java.util.List;

/**
 * The data that one request reads or writes, as far as the gate is concerned.
 *
 * @param patients the patients concerned; empty if the request names none, or names a device and means all its patients
 * @param device the device that measured or measures; empty if the request names none
 * @param codes the codes requested; empty for all codes
 * @param reason the caller's reason, for requests that have to give one
 */
public record Access(List<String> patients, String device, List<String> codes, String reason) {

    public Access(List<String> patients, String device, List<String> codes) {
        this(patients, device, codes, "");
    }

    /** Concerns no patient. */
    public static final Access OF_NO_PATIENT = new Access(List.of(), "", List.of());

    public static Access ofPatient(String patient) {
        return new Access(List.of(patient), "", List.of());
    }

    public static Access ofPatient(String patient, List<String> codes) {
        return new Access(List.of(patient), "", codes);
    }

    /** Concerns one patient, for a reason that goes into the audit trail. */
    public static Access ofPatient(String patient, String reason) {
        return new Access(List.of(patient), "", List.of(), reason);
    }

    public static Access ofDevice(String device) {
        return new Access(List.of(), device, List.of());
    }

    public static Access ofDevice(String device, List<String> codes) {
        return new Access(List.of(), device, codes);
    }
}
