package io.pulseplane.gate.policy;

import java.util.TreeSet;

/** The rules once more, in plain Java. */
final class ReferencePolicy {

    private ReferencePolicy() {}

    static boolean permits(PolicyInput asked) {
        var user = asked.user();
        var here = asked.dataStaysLocal() && asked.auditEnabled();
        var ownPatient = !asked.patientId().isEmpty() && asked.patientId().equals(user.patientId());
        var ownDevice = !asked.deviceId().isEmpty() && asked.deviceId().equals(user.deviceId());
        return switch (asked.action()) {
            case "query" ->
                here
                        && ((has(asked, "authorized_medical_staff") && asked.patientConsent())
                                || (has(asked, "patient") && ownPatient));
            case "ingest" ->
                asked.auditEnabled()
                        && has(asked, "device")
                        && ownDevice
                        && asked.deviceStatus().equals("active");
            case "registry", "consent", "erase" -> here && has(asked, "clinical_admin");
            case "audit" -> here && has(asked, "auditor");
            case "operate" -> asked.auditEnabled() && has(asked, "operator");
            case "describe" -> true;
            default -> false;
        };
    }

    /** What a caller may be told who lacks the role for what is asked: that, and nothing else. */
    static boolean lacksTheRole(PolicyInput asked) {
        var fitting = new TreeSet<String>();
        switch (asked.action()) {
            case "query" -> {
                fitting.add("authorized_medical_staff");
                fitting.add("patient");
            }
            case "ingest" -> fitting.add("device");
            case "registry", "consent", "erase" -> fitting.add("clinical_admin");
            case "audit" -> fitting.add("auditor");
            case "operate" -> fitting.add("operator");
            default -> {
                return false;
            }
        }
        fitting.retainAll(asked.user().roles());
        return fitting.isEmpty();
    }

    private static boolean has(PolicyInput asked, String role) {
        return asked.user().roles().contains(role);
    }
}
