package io.pulseplane.store.edge.keys;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import javax.crypto.Cipher;
import javax.crypto.KDF;
import javax.crypto.Mac;
import javax.crypto.SecretKey;
import javax.crypto.spec.HKDFParameterSpec;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/** Keys that belong to no patient, derived from the one for the store. */
record StoreKeys(SecretKey sealing, SecretKey tagging, SecretKey auditing, byte[] privacyJournal) {

    private static final int KEY_BYTES = 32;

    /** Also the size of a block of AES. */
    static final int TAG_BYTES = 16;

    static StoreKeys of(SecretKey root) {
        return new StoreKeys(
                new SecretKeySpec(derive(root, "own"), "AES"),
                new SecretKeySpec(derive(root, "tag"), "HmacSHA256"),
                new SecretKeySpec(derive(root, "audit"), "AES"),
                derive(root, "privacy journal"));
    }

    private static byte[] derive(SecretKey root, String purpose) {
        try {
            return KDF.getInstance("HKDF-SHA256")
                    .deriveData(HKDFParameterSpec.ofExtract()
                            .addIKM(root)
                            .thenExpand(("pulseplane " + purpose).getBytes(StandardCharsets.UTF_8), KEY_BYTES));
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
            return Arrays.copyOf(mac.doFinal(identifier.getBytes(StandardCharsets.UTF_8)), TAG_BYTES);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this Java has no HMAC-SHA-256", e);
        }
    }

    /**
     * Another name of a tag: one block of AES, which maps each tag to a name of the same length and back. So the audit
     * trail names patients by something that only this key relates to the rows of the database.
     */
    byte[] auditName(byte[] tag) {
        return block(Cipher.ENCRYPT_MODE, tag);
    }

    byte[] tagOf(byte[] auditName) {
        return block(Cipher.DECRYPT_MODE, auditName);
    }

    private byte[] block(int mode, byte[] input) {
        try {
            var cipher = Cipher.getInstance("AES/CBC/NoPadding");
            // Before one single block, CBC with zeros is the bare cipher.
            cipher.init(mode, auditing, new IvParameterSpec(new byte[TAG_BYTES]));
            return cipher.doFinal(input);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this Java has no AES", e);
        }
    }
}
