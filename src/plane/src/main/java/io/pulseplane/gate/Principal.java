package io.pulseplane.gate;

import io.pulseplane.gate.policy.PolicyInput;
import io.pulseplane.gate.token.Identity;

/**
 * The caller of one call, and the connection that the call came by.
 *
 * @param user the same identity in the form that the policy takes
 * @param rolesText all roles in one text, as the audit trail shows them
 */
record Principal(
        Identity identity, PolicyInput.User user, String rolesText, ClientConnection connection, String requestId) {

    static Principal of(Identity identity, ClientConnection connection, String requestId) {
        var user = new PolicyInput.User(
                identity.subject(), identity.roles(), identity.tenant(), identity.deviceId(), identity.patientId());
        var roles = identity.roles();
        return new Principal(
                identity, user, roles.size() == 1 ? roles.getFirst() : String.join(",", roles), connection, requestId);
    }

    /** A caller without an identity. */
    static Principal anonymous(ClientConnection connection, String requestId) {
        return of(Identity.anonymous(), connection, requestId);
    }
}
