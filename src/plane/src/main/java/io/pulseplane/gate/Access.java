package io.pulseplane.gate;

import java.util.List;

/**
 * What one request asks for, as far as the gate is concerned.
 *
 * @param patients of whom; empty where it is of nobody in particular, or of those a device is or was on
 * @param device of or for which device; empty where it is of none
 * @param codes of which codes; of all when empty
 * @param reason why, in the words of the caller, where those are asked for
 */
public record Access(List<String> patients, String device, List<String> codes, String reason) {

    public Access(List<String> patients, String device, List<String> codes) {
        this(patients, device, codes, "");
    }

    /** Of nobody in particular. */
    public static final Access OF_NO_PATIENT = new Access(List.of(), "", List.of());

    public static Access ofPatient(String patient) {
        return new Access(List.of(patient), "", List.of());
    }

    public static Access ofPatient(String patient, List<String> codes) {
        return new Access(List.of(patient), "", codes);
    }

    /** Of a patient, for a reason that is written down. */
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
