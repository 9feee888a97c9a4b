package io.pulseplane.store.crypto;

import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Objects;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.SecretKey;
import javax.crypto.spec.GCMParameterSpec;

/**
 * Encrypts and decrypts bytes with AES-256-GCM under keys that the caller gives. A sealed text is a nonce of 12 random
 * bytes, the ciphertext, and a tag of 16 bytes.
 *
 * <p>Random nonces are safe for 2^32 texts under one key (NIST SP 800-38D, 8.3). A key that seals a hundred texts a
 * second reaches that number after more than a year; the probability that any nonce has repeated is then still below
 * 2^-32.
 *
 * <p>An instance is for one thread at a time.
 */
public final class AesGcm {

    private static final int NONCE_BYTES = 12;
    private static final int TAG_BYTES = 16;

    /** How much longer a sealed text is than its plain text. */
    public static final int OVERHEAD_BYTES = NONCE_BYTES + TAG_BYTES;

    /** A call of {@link SecureRandom} costs as much as sealing a few readings, so one call fills many nonces. */
    private static final int BUFFERED_NONCES = 256;

    private final SecureRandom random = new SecureRandom();
    private final byte[] nonceBuffer = new byte[BUFFERED_NONCES * NONCE_BYTES];
    private final Cipher cipher;
    private int noncePosition = nonceBuffer.length;

    public AesGcm() {
        try {
            cipher = Cipher.getInstance("AES/GCM/NoPadding");
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this Java has no AES-GCM", e);
        }
    }

    /**
     * Seals the bytes from index {@code from} to {@code to}, exclusive, into a new array.
     *
     * @param associatedData where the text is kept; it cannot be opened with other associated data
     */
    public byte[] seal(SecretKey key, byte[] associatedData, byte[] plain, int from, int to) {
        var sealed = new byte[to - from + OVERHEAD_BYTES];
        seal(key, associatedData, plain, from, to, sealed, 0);
        return sealed;
    }

    /**
     * Seals into {@code target}, from index {@code at} on; needs {@link #OVERHEAD_BYTES} bytes more than the plain
     * text.
     */
    public void seal(SecretKey key, byte[] associatedData, byte[] plain, int from, int to, byte[] target, int at) {
        Objects.checkFromIndexSize(at, to - from + OVERHEAD_BYTES, target.length);
        if (noncePosition == nonceBuffer.length) {
            random.nextBytes(nonceBuffer);
            noncePosition = 0;
        }
        System.arraycopy(nonceBuffer, noncePosition, target, at, NONCE_BYTES);
        try {
            cipher.init(
                    Cipher.ENCRYPT_MODE,
                    key,
                    new GCMParameterSpec(TAG_BYTES * 8, nonceBuffer, noncePosition, NONCE_BYTES));
            cipher.updateAAD(associatedData);
            cipher.doFinal(plain, from, to - from, target, at + NONCE_BYTES);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("AES-GCM could not encrypt", e);
        } finally {
            noncePosition += NONCE_BYTES;
        }
    }

    /** Decrypts the sealed text that lies between the indexes {@code from} and {@code to}, exclusive. */
    public byte[] open(SecretKey key, byte[] associatedData, byte[] sealed, int from, int to)
            throws DecryptionFailedException {
        Objects.checkFromToIndex(from, to, sealed.length);
        try {
            if (to - from < OVERHEAD_BYTES) {
                throw new AEADBadTagException("too short");
            }
            cipher.init(Cipher.DECRYPT_MODE, key, new GCMParameterSpec(TAG_BYTES * 8, sealed, from, NONCE_BYTES));
            cipher.updateAAD(associatedData);
            return cipher.doFinal(sealed, from + NONCE_BYTES, to - from - NONCE_BYTES);
        } catch (AEADBadTagException e) {
            throw new DecryptionFailedException(e);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("AES-GCM could not decrypt", e);
        }
    }

    public byte[] open(SecretKey key, byte[] associatedData, byte[] sealed) throws DecryptionFailedException {
        return open(key, associatedData, sealed, 0, sealed.length);
    }
}
