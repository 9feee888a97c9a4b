package io.pulseplane.gate.token;

import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.SignatureException;
import java.security.interfaces.ECPublicKey;
import java.security.spec.ECFieldFp;
import java.util.Map;
import java.util.Optional;
import org.jose4j.jwk.EllipticCurveJsonWebKey;
import org.jose4j.jwk.OctetKeyPairJsonWebKey;
import org.jose4j.jwk.PublicJsonWebKey;
import org.jose4j.jwk.RsaJsonWebKey;

/**
 * The signatures that count. A key has exactly one of them, so that a token cannot choose how its key is used; what is
 * not here ({@code none}, HMAC with a public key as its secret) is refused by not being here.
 *
 * <p>The JDK checks them directly: jose4j would first try every algorithm there is, encryption included, which takes the
 * first caller after a start longer than all else.
 */
enum Algorithm {
    RS256("RS256", "SHA256withRSA"),
    ES256("ES256", "SHA256withECDSAinP1363Format"),
    /** With Ed25519 only. */
    EDDSA("EdDSA", "Ed25519");

    /** NIST SP 800-131A: less has not been good enough since 2013. */
    static final int MIN_RSA_BITS = 2_048;

    private static final Map<String, Algorithm> BY_JOSE_NAME =
            Map.of(RS256.joseName, RS256, ES256.joseName, ES256, EDDSA.joseName, EDDSA);

    private final String joseName;
    private final String jdkName;

    Algorithm(String header, String jdkName) {
        this.joseName = header;
        this.jdkName = jdkName;
    }

    /** What a token's or key's {@code alg} says. */
    String joseName() {
        return joseName;
    }

    /** Exactly as RFC 7518 and RFC 8037 spell it. */
    static Optional<Algorithm> of(Object header) {
        return header instanceof String text ? Optional.ofNullable(BY_JOSE_NAME.get(text)) : Optional.empty();
    }

    /** The one that this key is good for; empty if there is none. */
    static Optional<Algorithm> of(PublicJsonWebKey key) {
        return switch (key) {
            case RsaJsonWebKey rsa ->
                rsa.getRsaPublicKey().getModulus().bitLength() >= MIN_RSA_BITS ? Optional.of(RS256) : Optional.empty();
            case EllipticCurveJsonWebKey ec ->
                "P-256".equals(ec.getCurveName()) && isOnCurve(ec.getECPublicKey())
                        ? Optional.of(ES256)
                        : Optional.empty();
            case OctetKeyPairJsonWebKey okp ->
                OctetKeyPairJsonWebKey.SUBTYPE_ED25519.equals(okp.getSubtype()) ? Optional.of(EDDSA) : Optional.empty();
            default -> Optional.empty();
        };
    }

    /** The JDK takes any two numbers for a point and finds that they are none with the first signature. */
    private static boolean isOnCurve(ECPublicKey key) {
        var curve = key.getParams().getCurve();
        var p = ((ECFieldFp) curve.getField()).getP();
        var x = key.getW().getAffineX();
        var y = key.getW().getAffineY();
        var right = x.pow(3).add(curve.getA().multiply(x)).add(curve.getB()).mod(p);
        return x.signum() >= 0
                && y.signum() >= 0
                && x.compareTo(p) < 0
                && y.compareTo(p) < 0
                && y.pow(2).mod(p).equals(right);
    }

    byte[] sign(PrivateKey key, byte[] bytes) {
        try {
            var signer = Signature.getInstance(jdkName);
            signer.initSign(key);
            signer.update(bytes);
            return signer.sign();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("a key was taken that " + jdkName + " cannot use", e);
        }
    }

    /** A signature of the wrong shape is a wrong signature. */
    boolean verifies(PublicKey key, byte[] signed, byte[] signature) {
        try {
            var verifier = Signature.getInstance(jdkName);
            verifier.initVerify(key);
            verifier.update(signed);
            return verifier.verify(signature);
        } catch (SignatureException _) {
            return false;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("a key was taken that " + jdkName + " cannot use", e);
        }
    }
}
