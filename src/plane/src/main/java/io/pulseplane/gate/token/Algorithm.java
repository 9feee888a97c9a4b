package io.pulseplane.gate.token;

import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.SignatureException;
import java.security.interfaces.ECPublicKey;
import java.security.spec.ECFieldFp;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.PSSParameterSpec;
import java.util.Map;
import java.util.Optional;
import org.jose4j.jwk.EllipticCurveJsonWebKey;
import org.jose4j.jwk.OctetKeyPairJsonWebKey;
import org.jose4j.jwk.PublicJsonWebKey;
import org.jose4j.jwk.RsaJsonWebKey;

/**
 * The signature algorithms that the plane accepts. Each key has exactly one, so a token cannot choose how its key is
 * used. All others are refused, such as {@code none} and HMAC with a public key as its secret.
 *
 * <p>The JDK checks the signatures directly. jose4j would first load every algorithm it supports, encryption included,
 * which would take longer than all the rest of the first call after a start.
 */
enum Algorithm {
    RS256("RS256", "SHA256withRSA"),
    /** For keys only that say so: an RSA key without an algorithm is for RS256. */
    PS256("PS256", "RSASSA-PSS"),
    ES256("ES256", "SHA256withECDSAinP1363Format"),
    /** Ed25519 only. */
    EDDSA("EdDSA", "Ed25519");

    /** NIST SP 800-131A has not accepted shorter keys since 2013. */
    static final int MIN_RSA_BITS = 2_048;

    /** As RFC 7518, 3.5 sets it: SHA-256 twice, and a salt of as many bytes. */
    private static final PSSParameterSpec PSS =
            new PSSParameterSpec("SHA-256", "MGF1", MGF1ParameterSpec.SHA256, 32, PSSParameterSpec.TRAILER_FIELD_BC);

    private static final Map<String, Algorithm> BY_JOSE_NAME =
            Map.of(RS256.joseName, RS256, PS256.joseName, PS256, ES256.joseName, ES256, EDDSA.joseName, EDDSA);

    private final String joseName;
    private final String jdkName;

    Algorithm(String joseName, String jdkName) {
        this.joseName = joseName;
        this.jdkName = jdkName;
    }

    /** The value of {@code alg} in a token or a key. */
    String joseName() {
        return joseName;
    }

    /** The algorithm with this name, spelled exactly as in RFC 7518 and RFC 8037. */
    static Optional<Algorithm> of(Object joseName) {
        return joseName instanceof String text ? Optional.ofNullable(BY_JOSE_NAME.get(text)) : Optional.empty();
    }

    /** The algorithm of this key; empty if the plane accepts none of its kind. */
    static Optional<Algorithm> of(PublicJsonWebKey key) {
        return switch (key) {
            case RsaJsonWebKey rsa ->
                rsa.getRsaPublicKey().getModulus().bitLength() >= MIN_RSA_BITS
                        ? Optional.of(PS256.joseName.equals(rsa.getAlgorithm()) ? PS256 : RS256)
                        : Optional.empty();
            case EllipticCurveJsonWebKey ec ->
                "P-256".equals(ec.getCurveName()) && isOnCurve(ec.getECPublicKey())
                        ? Optional.of(ES256)
                        : Optional.empty();
            case OctetKeyPairJsonWebKey okp ->
                OctetKeyPairJsonWebKey.SUBTYPE_ED25519.equals(okp.getSubtype()) ? Optional.of(EDDSA) : Optional.empty();
            default -> Optional.empty();
        };
    }

    /** The JDK does not check this when it reads a key, only with the first signature. */
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

    private Signature signature() throws GeneralSecurityException {
        var signature = Signature.getInstance(jdkName);
        if (this == PS256) {
            signature.setParameter(PSS);
        }
        return signature;
    }

    byte[] sign(PrivateKey key, byte[] bytes) {
        try {
            var signer = signature();
            signer.initSign(key);
            signer.update(bytes);
            return signer.sign();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("a key was accepted that " + jdkName + " cannot use", e);
        }
    }

    /** Whether the signature is valid. A malformed signature is not. */
    boolean verifies(PublicKey key, byte[] signed, byte[] signature) {
        try {
            var verifier = signature();
            verifier.initVerify(key);
            verifier.update(signed);
            return verifier.verify(signature);
        } catch (SignatureException _) {
            return false;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("a key was accepted that " + jdkName + " cannot use", e);
        }
    }
}
