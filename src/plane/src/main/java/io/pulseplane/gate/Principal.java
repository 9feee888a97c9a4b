package io.pulseplane.gate;

import io.pulseplane.gate.audit.AuditRecord;
import io.pulseplane.gate.policy.PolicyInput;
import io.pulseplane.gate.token.Identity;
import java.util.List;
import java.util.StringJoiner;

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
        return new Principal(identity, user, text(identity.roles()), connection, requestId);
    }

    /** Joins no more roles than the trail shows, because a caller may have a thousand. */
    private static String text(List<String> roles) {
        if (roles.size() == 1) {
            return roles.getFirst();
        }
        var text = new StringJoiner(",");
        for (int i = 0; i < roles.size() && text.length() <= AuditRecord.MAX_TEXT_LENGTH; i++) {
            text.add(roles.get(i));
        }
        return text.toString();
    }

    /** A caller without an identity. */
    static Principal anonymous(ClientConnection connection, String requestId) {
        return of(Identity.anonymous(), connection, requestId);
    }
}
