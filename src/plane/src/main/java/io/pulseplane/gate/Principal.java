package io.pulseplane.gate;

import io.pulseplane.gate.policy.PolicyInput;
import io.pulseplane.gate.token.Identity;

/**
 * Who makes a call, and from where.
 *
 * @param rolesText all roles in one text, as the audit trail has them
 */
record Principal(
        Identity identity, PolicyInput.User user, String rolesText, ClientConnection connection, String requestId) {

    static Principal of(Identity identity, ClientConnection peer, String requestId) {
        var user = new PolicyInput.User(
                identity.subject(), identity.roles(), identity.tenant(), identity.deviceId(), identity.patientId());
        var roles = identity.roles();
        return new Principal(
                identity, user, roles.size() == 1 ? roles.getFirst() : String.join(",", roles), peer, requestId);
    }

    /** Somebody the gate does not know. */
    static Principal anonymous(ClientConnection peer, String requestId) {
        return of(Identity.anonymous(), peer, requestId);
    }
}
