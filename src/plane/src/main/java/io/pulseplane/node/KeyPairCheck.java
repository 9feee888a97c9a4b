package io.pulseplane.node;

import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.util.Map;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.X509KeyManager;

/** Whether private keys are those of their certificates, which otherwise the first client would find out. */
final class KeyPairCheck {

    /** How to sign with keys of the types that certificates have; keys of another type are believed. */
    private static final Map<String, String> SIGNATURE_ALGORITHMS =
            Map.of("RSA", "SHA256withRSA", "EC", "SHA256withECDSA", "EdDSA", "EdDSA");

    private static final byte[] SAMPLE = {1};

    private KeyPairCheck() {}

    /** Throws if a key is not that of its certificate, as when one of two files was renewed and the other was not yet. */
    static void check(KeyManagerFactory keys) throws GeneralSecurityException {
        for (var manager : keys.getKeyManagers()) {
            if (manager instanceof X509KeyManager pairs) {
                for (var type : SIGNATURE_ALGORITHMS.keySet()) {
                    var aliases = pairs.getServerAliases(type, null);
                    for (var alias : aliases == null ? new String[0] : aliases) {
                        check(pairs.getPrivateKey(alias), pairs.getCertificateChain(alias)[0]);
                    }
                }
            }
        }
    }

    private static void check(PrivateKey key, X509Certificate certificate) throws GeneralSecurityException {
        var algorithm = SIGNATURE_ALGORITHMS.get(key.getAlgorithm());
        if (algorithm == null) {
            return;
        }
        if (!key.getAlgorithm().equals(certificate.getPublicKey().getAlgorithm())) {
            throw mismatch();
        }
        var signature = Signature.getInstance(algorithm);
        signature.initSign(key);
        signature.update(SAMPLE);
        var signed = signature.sign();
        signature.initVerify(certificate.getPublicKey());
        signature.update(SAMPLE);
        if (!signature.verify(signed)) {
            throw mismatch();
        }
    }

    private static GeneralSecurityException mismatch() {
        return new GeneralSecurityException("the private key is not that of the certificate");
    }
}
