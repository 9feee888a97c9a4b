package io.pulseplane.gate.token;

import java.util.List;

/**
 * Who is calling. Texts are empty where there is nothing to say; ids are valid by
 * {@link io.pulseplane.vitals.Identifier}.
 *
 * @param subject who it is, for the audit trail
 * @param roles exact and case-sensitive, each once; may hold roles that the policy does not know
 * @param tenant always the plane's own, except for {@link #anonymous}
 * @param deviceId the device that calls
 * @param patientId the patient who calls
 * @param expiresUs from when on the caller has to be asked again who it is; the allowance for clocks is not in it
 * @param keyId the key or certificate that vouches for it
 * @param tokenId the token's own id
 */
public record Identity(
        String subject,
        List<String> roles,
        String tenant,
        String deviceId,
        String patientId,
        long expiresUs,
        String keyId,
        String tokenId) {

    private static final Identity ANONYMOUS = new Identity("", List.of(), "", "", "", Long.MAX_VALUE, "", "");

    public Identity {
        roles = List.copyOf(roles);
    }

    /** Somebody who did not say who they are. */
    public static Identity anonymous() {
        return ANONYMOUS;
    }

    public boolean isAnonymous() {
        return subject.isEmpty();
    }
}
