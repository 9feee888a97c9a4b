package io.pulseplane.store.edge.keys;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import javax.crypto.KDF;
import javax.crypto.Mac;
import javax.crypto.SecretKey;
import javax.crypto.spec.HKDFParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/** Keys that belong to no patient, derived from the one for the store. */
record StoreKeys(SecretKey sealing, SecretKey tagging) {

    private static final int KEY_BYTES = 32;

    static StoreKeys of(SecretKey root) {
        return new StoreKeys(derive(root, "own", "AES"), derive(root, "tag", "HmacSHA256"));
    }

    private static SecretKey derive(SecretKey root, String purpose, String algorithm) {
        try {
            var bytes = KDF.getInstance("HKDF-SHA256")
                    .deriveData(HKDFParameterSpec.ofExtract()
                            .addIKM(root)
                            .thenExpand(("pulseplane " + purpose).getBytes(StandardCharsets.UTF_8), KEY_BYTES));
            return new SecretKeySpec(bytes, algorithm);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this Java has no HKDF", e);
        }
    }

    /** See {@link KeyVault#tag}. */
    byte[] tag(String kind, String identifier) {
        try {
            var mac = Mac.getInstance("HmacSHA256");
            mac.init(tagging);
            mac.update(kind.getBytes(StandardCharsets.UTF_8));
            mac.update((byte) 0);
            return Arrays.copyOf(mac.doFinal(identifier.getBytes(StandardCharsets.UTF_8)), KEY_BYTES / 2);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this Java has no HMAC-SHA-256", e);
        }
    }
}
