package io.pulseplane.gate.token;

import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jose4j.json.JsonUtil;
import org.jose4j.jwk.PublicJsonWebKey;
import org.jose4j.lang.JoseException;

/**
 * Reads a JWKS (RFC 7517). Keys that are not for checking signatures, or not good enough, are left out, as the RFC asks;
 * what is not a key set at all is refused as a whole.
 */
final class JwksReader {

    /** A document beyond this is refused. */
    static final int MAX_BYTES = 1024 * 1024;

    /** A provider in the middle of a rotation has a handful. */
    static final int MAX_KEYS = 100;

    static final int MAX_ID_LENGTH = 255;

    /** 32 bytes in base64url. */
    private static final int ED25519_LETTERS = 43;

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
            // jose4j takes shorter ones, which mean other keys, some of them of no strength.
            return skip("it is not Ed25519");
        }
        try {
            @SuppressWarnings("unchecked") // JSON's names are texts
            var key = PublicJsonWebKey.Factory.newPublicJwk((Map<String, Object>) members);
            return key(key);
        } catch (JoseException | RuntimeException e) {
            // jose4j says with exceptions of many kinds that a key is none.
            return skip(e.getMessage());
        }
    }

    /** The key to check with; empty if it is not for that, or not good enough. */
    static Optional<VerificationKey> key(PublicJsonWebKey key) {
        var algorithm = Algorithm.of(key);
        if (algorithm.isEmpty()) {
            return skip("it is none of RSA of at least " + Algorithm.MIN_RSA_BITS + " bits, P-256 and Ed25519");
        }
        if (key.getAlgorithm() != null
                && !key.getAlgorithm().equals(algorithm.get().joseName())) {
            return skip("it is for another algorithm");
        }
        if (key.getUse() != null && !key.getUse().equals("sig")
                || key.getKeyOps() != null && !key.getKeyOps().contains("verify")) {
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

    private static Optional<VerificationKey> skip(String why) {
        LOG.log(Level.DEBUG, "A key of a key set is left out: {0}", why);
        return Optional.empty();
    }
}
