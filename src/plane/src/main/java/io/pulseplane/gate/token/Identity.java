package io.pulseplane.gate.token;

import java.util.List;
import java.util.Set;

/**
 * The identity of a caller. Texts that do not apply are empty. Ids are valid by
 * {@link io.pulseplane.vitals.Identifier}.
 *
 * @param subject the caller's name in the audit trail
 * @param roles case-sensitive, each once; may hold roles that the policy does not know
 * @param tenant always the plane's own, except for {@link #anonymous}
 * @param deviceId the device that calls; empty for other callers
 * @param patientId the patient who calls; empty for other callers
 * @param expiresUs when the token or certificate expires, without the allowance for clocks
 * @param issuedUs when the token was issued; {@code Long.MIN_VALUE} if it does not say
 * @param keyId the id of the key that signed the token, or the fingerprint of the certificate
 * @param tokenId the id of the token; empty if it has none
 * @param rpc the full name of the only rpc that the token is for; empty for all
 * @param writesFor the patients that the token lets its device write for, where the plane asks for that
 */
public record Identity(
        String subject,
        List<String> roles,
        String tenant,
        String deviceId,
        String patientId,
        long expiresUs,
        long issuedUs,
        String keyId,
        String tokenId,
        String rpc,
        Set<String> writesFor) {

    private static final Identity ANONYMOUS =
            new Identity("", List.of(), "", "", "", Long.MAX_VALUE, Long.MIN_VALUE, "", "", "", Set.of());

    /** For all rpcs, and for no patients in particular. */
    public Identity(
            String subject,
            List<String> roles,
            String tenant,
            String deviceId,
            String patientId,
            long expiresUs,
            long issuedUs,
            String keyId,
            String tokenId) {
        this(subject, roles, tenant, deviceId, patientId, expiresUs, issuedUs, keyId, tokenId, "", Set.of());
    }

    public Identity {
        roles = List.copyOf(roles);
        writesFor = Set.copyOf(writesFor);
    }

    /** The identity of a caller without token and certificate. */
    public static Identity anonymous() {
        return ANONYMOUS;
    }

    /** Whether the caller may call this rpc at all. The policy decides about the request. */
    public boolean isFor(String rpc) {
        return this.rpc.isEmpty() || this.rpc.equals(rpc);
    }

    public boolean isAnonymous() {
        return subject.isEmpty();
    }
}
