package io.pulseplane.node;

import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Map;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.X509KeyManager;

/**
 * Checks that private keys belong to their certificates, so that a wrong pair fails the start and not the first client.
 */
final class KeyPairCheck {

    /** The signature algorithm for each type of key. Keys of other types are not checked. */
    private static final Map<String, String> SIGNATURE_ALGORITHMS =
            Map.of("RSA", "SHA256withRSA", "EC", "SHA256withECDSA", "EdDSA", "EdDSA");

    private static final byte[] SAMPLE = {1};

    private KeyPairCheck() {}

    /**
     * Checks all key pairs. A mismatch comes about when one of the two files was renewed and the other was not.
     *
     * @return when the first of the certificates expires; {@link Instant#MAX} if there is none
     * @throws GeneralSecurityException if a key does not belong to its certificate
     */
    static Instant check(KeyManagerFactory keys) throws GeneralSecurityException {
        var expires = Instant.MAX;
        for (var manager : keys.getKeyManagers()) {
            if (manager instanceof X509KeyManager pairs) {
                for (var type : SIGNATURE_ALGORITHMS.keySet()) {
                    var aliases = pairs.getServerAliases(type, null);
                    for (var alias : aliases == null ? new String[0] : aliases) {
                        var chain = pairs.getCertificateChain(alias);
                        check(pairs.getPrivateKey(alias), chain[0]);
                        for (var certificate : chain) {
                            var end = certificate.getNotAfter().toInstant();
                            expires = end.isBefore(expires) ? end : expires;
                        }
                    }
                }
            }
        }
        return expires;
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
        var bytes = signature.sign();
        signature.initVerify(certificate.getPublicKey());
        signature.update(SAMPLE);
        if (!signature.verify(bytes)) {
            throw mismatch();
        }
    }

    private static GeneralSecurityException mismatch() {
        return new GeneralSecurityException("the private key is not that of the certificate");
    }
}
