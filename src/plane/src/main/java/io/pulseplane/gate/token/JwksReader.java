package io.pulseplane.gate.token;

import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jose4j.json.JsonUtil;
import org.jose4j.jwk.PublicJsonWebKey;
import org.jose4j.lang.JoseException;

/**
 * Reads a JWKS (RFC 7517). It leaves out keys that are not for checking signatures or not strong enough, as the RFC
 * asks. It refuses a document that is not a key set.
 */
final class JwksReader {

    /** A longer document is refused. */
    static final int MAX_BYTES = 1024 * 1024;

    /** Far more than an identity provider has, even during a rotation of keys. */
    static final int MAX_KEYS = 100;

    static final int MAX_ID_LENGTH = 255;

    /** 32 bytes in base64url. */
    private static final int ED25519_LETTERS = 43;

    private static final Set<String> CERTIFICATES = Set.of("x5c", "x5t", "x5t#S256", "x5u");

    private static final System.Logger LOG = System.getLogger(JwksReader.class.getName());

    private JwksReader() {}

    static KeySet read(byte[] document) throws UnusableKeyException {
        var keys = new ArrayList<VerificationKey>();
        for (var entry : entries(document)) {
            key(entry).ifPresent(keys::add);
        }
        return KeySet.of(keys);
    }

    private static List<?> entries(byte[] document) throws UnusableKeyException {
        try {
            var json = JsonUtil.parseJson(new String(document, StandardCharsets.UTF_8));
            if (!(json.get("keys") instanceof List<?> entries)) {
                throw new UnusableKeyException("there is no array of keys in it");
            }
            if (entries.size() > MAX_KEYS) {
                throw new UnusableKeyException("there are more than " + MAX_KEYS + " keys in it");
            }
            return entries;
        } catch (JoseException e) {
            throw new UnusableKeyException("it is not JSON", e);
        }
    }

    private static Optional<VerificationKey> key(Object entry) {
        if (!(entry instanceof Map<?, ?> members)) {
            return skip("it is not an object");
        }
        if ("OKP".equals(members.get("kty"))
                && !(members.get("x") instanceof String x && x.length() == ED25519_LETTERS)) {
            // jose4j accepts shorter values, which are other keys, and some of them are weak.
            return skip("it is not Ed25519");
        }
        try {
            @SuppressWarnings("unchecked") // names in JSON are texts
            var parameters = new HashMap<>((Map<String, Object>) members);
            // Certificates say nothing that the plane asks for, and jose4j would leave out a key with a malformed one.
            parameters.keySet().removeAll(CERTIFICATES);
            var key = PublicJsonWebKey.Factory.newPublicJwk(parameters);
            return key(key);
        } catch (JoseException | RuntimeException e) {
            // jose4j throws many kinds of exceptions for a malformed key.
            return skip(e.getMessage());
        }
    }

    /** Returns the key, or empty if it is not for checking signatures or not strong enough. */
    static Optional<VerificationKey> key(PublicJsonWebKey key) {
        var algorithm = Algorithm.of(key);
        if (algorithm.isEmpty()) {
            return skip("it is none of RSA of at least " + Algorithm.MIN_RSA_BITS + " bits, P-256 and Ed25519");
        }
        if (key.getAlgorithm() != null
                && !key.getAlgorithm().equals(algorithm.get().joseName())) {
            return skip("it is for another algorithm");
        }
        if ((key.getUse() != null && !key.getUse().equals("sig"))
                || (key.getKeyOps() != null && !key.getKeyOps().contains("verify"))) {
            return skip("it is not for checking signatures");
        }
        var id = key.getKeyId() == null ? "" : key.getKeyId();
        if (id.length() > MAX_ID_LENGTH) {
            return skip("its id is longer than " + MAX_ID_LENGTH + " characters");
        }
        return Optional.of(new VerificationKey(
                new VerificationKey.Name(algorithm.get(), id),
                key.calculateBase64urlEncodedThumbprint("SHA-256"),
                key.getPublicKey()));
    }

    private static Optional<VerificationKey> skip(String reason) {
        LOG.log(Level.DEBUG, "A key of a key set is left out: {0}", reason);
        return Optional.empty();
    }
}
