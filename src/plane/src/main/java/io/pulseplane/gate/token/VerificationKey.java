package io.pulseplane.gate.token;

import java.security.PublicKey;

/**
 * A key that signatures are checked with.
 *
 * @param name what a token calls it
 * @param thumbprint RFC 7638, SHA-256: another key of the same name is another key
 */
record VerificationKey(Name name, String thumbprint, PublicKey key) {

    /** @param id {@code kid}; empty if the key has none */
    record Name(Algorithm algorithm, String id) {}

    /** What to call it in an audit trail. */
    String id() {
        return name.id().isEmpty() ? thumbprint : name.id();
    }

    boolean isSameAs(VerificationKey other) {
        return other != null && thumbprint.equals(other.thumbprint) && name.equals(other.name);
    }
}
