package io.pulseplane.gate.policy;

import java.util.List;
import java.util.Objects;

/**
 * The input of a policy: everything that it may look at, as {@code src/plane/src/main/rego/healthcare/input.rego}
 * describes it. Texts that do not apply are empty, never null. Decisions are cached by it.
 *
 * @param action query, export, ingest, registry, consent, erase, audit, operate or describe
 * @param rpc full name of the rpc
 * @param patientId the patient concerned
 * @param patientConsent whether the patient consents; false for a patient that does not exist
 * @param deviceId the device concerned
 * @param deviceStatus active, inactive, maintenance or retired; empty if unknown
 * @param dataStaysLocal whether the data is on this node and the answer goes to a local network
 * @param destination where the answer goes, {@code local} or another place
 * @param auditEnabled whether the audit trail is on
 * @param node the id of this node
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
     * The caller, as the token or the certificate says.
     *
     * @param deviceId the device that calls; empty for other callers
     * @param patientId the patient who calls; empty for other callers
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

    /**
     * Compares what differs most often first. The user of a repeated request is often the same object, so identity
     * first.
     */
    @Override
    @SuppressWarnings("ReferenceEquality")
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

    /** Uses only what differs between most inputs. Strings cache their hash codes. */
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
