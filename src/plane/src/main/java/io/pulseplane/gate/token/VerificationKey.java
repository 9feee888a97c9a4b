package io.pulseplane.gate.token;

import java.security.PublicKey;

/**
 * A public key that signatures are checked with.
 *
 * @param name the name by which tokens refer to the key
 * @param thumbprint RFC 7638 with SHA-256; it tells two keys of the same name apart
 */
record VerificationKey(Name name, String thumbprint, PublicKey key) {

    /** @param id {@code kid}; empty if the key has none */
    record Name(Algorithm algorithm, String id) {}

    /** The id of the key, or its thumbprint if it has none. */
    String id() {
        return name.id().isEmpty() ? thumbprint : name.id();
    }

    boolean isSameAs(VerificationKey other) {
        return other != null && thumbprint.equals(other.thumbprint) && name.equals(other.name);
    }
}
