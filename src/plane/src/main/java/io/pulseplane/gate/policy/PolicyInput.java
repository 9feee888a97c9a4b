package io.pulseplane.gate.policy;

import java.util.List;
import java.util.Objects;

/**
 * What is asked of a policy: everything it may look at, as {@code src/plane/src/main/rego/healthcare/input.rego} describes it.
 * What does not apply is empty, never null. Decisions are remembered by it.
 *
 * @param action query, export, ingest, registry, consent, erase, audit, operate or describe
 * @param rpc full name of the method called
 * @param patientId the patient asked about
 * @param patientConsent consent is on record and stands; false for a patient that does not exist
 * @param deviceId the device written for
 * @param deviceStatus active, inactive, maintenance or retired; empty if unknown
 * @param dataStaysLocal the data is on this node, and the answer goes to a network it may go to
 * @param destination where the answer goes, {@code local} or another place
 * @param auditEnabled what is done is written down
 * @param node the node asked
 */
public record PolicyInput(
        String action,
        String rpc,
        User user,
        String patientId,
        boolean patientConsent,
        String deviceId,
        String deviceStatus,
        boolean dataStaysLocal,
        String destination,
        boolean auditEnabled,
        String node) {

    public PolicyInput {
        Objects.requireNonNull(action);
        Objects.requireNonNull(rpc);
        Objects.requireNonNull(user);
        Objects.requireNonNull(patientId);
        Objects.requireNonNull(deviceId);
        Objects.requireNonNull(deviceStatus);
        Objects.requireNonNull(destination);
        Objects.requireNonNull(node);
    }

    /**
     * Who calls, as the token or the certificate says. Kept with the token rather than made for each call: comparing a
     * user with itself costs nothing.
     *
     * @param deviceId the device that calls, empty for others
     * @param patientId the patient that calls, empty for others
     */
    public record User(String subject, List<String> roles, String tenant, String deviceId, String patientId) {

        public User {
            Objects.requireNonNull(subject);
            Objects.requireNonNull(tenant);
            Objects.requireNonNull(deviceId);
            Objects.requireNonNull(patientId);
            roles = List.copyOf(roles);
        }

        /** The first of the roles, empty if there is none. */
        public String role() {
            return roles.isEmpty() ? "" : roles.getFirst();
        }
    }

    /** What differs most is compared first, and who asks twice is recognised by identity. */
    @Override
    public boolean equals(Object other) {
        return this == other
                || (other instanceof PolicyInput that
                        && patientConsent == that.patientConsent
                        && dataStaysLocal == that.dataStaysLocal
                        && auditEnabled == that.auditEnabled
                        && patientId.equals(that.patientId)
                        && deviceId.equals(that.deviceId)
                        && rpc.equals(that.rpc)
                        && action.equals(that.action)
                        && deviceStatus.equals(that.deviceStatus)
                        && destination.equals(that.destination)
                        && node.equals(that.node)
                        && (user == that.user || user.equals(that.user)));
    }

    /** Of what differs between questions; strings remember theirs. */
    @Override
    public int hashCode() {
        var hash = user.subject().hashCode();
        hash = 31 * hash + patientId.hashCode();
        hash = 31 * hash + deviceId.hashCode();
        hash = 31 * hash + rpc.hashCode();
        hash = 31 * hash + action.hashCode();
        return 31 * hash + (patientConsent ? 1 : 0) + (dataStaysLocal ? 2 : 0) + (auditEnabled ? 4 : 0);
    }
}
