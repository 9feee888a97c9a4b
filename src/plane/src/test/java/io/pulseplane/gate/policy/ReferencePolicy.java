package io.pulseplane.gate.policy;

import java.util.TreeSet;

/** The rules of the built-in policy in Java, to compare decisions with. */
final class ReferencePolicy {

    private ReferencePolicy() {}

    static boolean permits(PolicyInput input) {
        var user = input.user();
        var staysLocal = input.dataStaysLocal() && input.auditEnabled();
        var ownPatient = !input.patientId().isEmpty() && input.patientId().equals(user.patientId());
        var ownDevice = !input.deviceId().isEmpty() && input.deviceId().equals(user.deviceId());
        return switch (input.action()) {
            case "query" ->
                staysLocal
                        && ((has(input, "authorized_medical_staff") && input.patientConsent())
                                || (has(input, "patient") && ownPatient));
            case "ingest" ->
                input.auditEnabled()
                        && has(input, "device")
                        && ownDevice
                        && input.deviceStatus().equals("active");
            case "registry", "consent", "erase" -> staysLocal && has(input, "clinical_admin");
            case "audit" -> staysLocal && has(input, "auditor");
            case "operate" -> input.auditEnabled() && has(input, "operator");
            case "describe" -> true;
            default -> false;
        };
    }

    /** Whether the caller lacks every role for the action. The policy then gives this reason and no other. */
    static boolean lacksTheRole(PolicyInput input) {
        var allowed = new TreeSet<String>();
        switch (input.action()) {
            case "query" -> {
                allowed.add("authorized_medical_staff");
                allowed.add("patient");
            }
            case "ingest" -> allowed.add("device");
            case "registry", "consent", "erase" -> allowed.add("clinical_admin");
            case "audit" -> allowed.add("auditor");
            case "operate" -> allowed.add("operator");
            default -> {
                return false;
            }
        }
        allowed.retainAll(input.user().roles());
        return allowed.isEmpty();
    }

    private static boolean has(PolicyInput input, String role) {
        return input.user().roles().contains(role);
    }
}
