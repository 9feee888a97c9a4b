package io.pulseplane.store.crypto;

import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Objects;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.SecretKey;
import javax.crypto.spec.GCMParameterSpec;

/**
 * Seals and opens bytes with AES-256-GCM: a nonce of 12 random bytes, the ciphertext, a tag of 16 bytes.
 *
 * <p>Random nonces are safe for 2^32 seals under one key (NIST SP 800-38D, 8.3): a patient whose readings are sealed a
 * hundred times a second gets there in more than a year of doing nothing else, and is then no worse off than one in four
 * billion.
 *
 * <p>A sealer is for one thread at a time.
 */
public final class AesGcm {

    private static final int NONCE_BYTES = 12;
    private static final int TAG_BYTES = 16;

    /** What sealing adds to the length. */
    public static final int OVERHEAD_BYTES = NONCE_BYTES + TAG_BYTES;

    /** Asking the source of randomness costs as much as sealing a few readings; it is asked for many nonces at once. */
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
     * Seals the bytes from index {@code from} to {@code to}, exclusive, as an array of its own.
     *
     * @param place where they will lie; they can be opened only as what lies there
     */
    public byte[] seal(SecretKey key, byte[] place, byte[] plain, int from, int to) {
        var sealed = new byte[to - from + OVERHEAD_BYTES];
        seal(key, place, plain, from, to, sealed, 0);
        return sealed;
    }

    /** Seals into {@code target} from index {@code at} on, which takes {@link #OVERHEAD_BYTES} bytes more than there are. */
    public void seal(SecretKey key, byte[] place, byte[] plain, int from, int to, byte[] target, int at) {
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
            cipher.updateAAD(place);
            cipher.doFinal(plain, from, to - from, target, at + NONCE_BYTES);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("nothing could be sealed", e);
        } finally {
            noncePosition += NONCE_BYTES;
        }
    }

    /** What was sealed as the bytes from index {@code from} to {@code to}, exclusive. */
    public byte[] open(SecretKey key, byte[] place, byte[] sealed, int from, int to) throws DecryptionFailedException {
        Objects.checkFromToIndex(from, to, sealed.length);
        try {
            if (to - from < OVERHEAD_BYTES) {
                throw new AEADBadTagException("too short");
            }
            cipher.init(Cipher.DECRYPT_MODE, key, new GCMParameterSpec(TAG_BYTES * 8, sealed, from, NONCE_BYTES));
            cipher.updateAAD(place);
            return cipher.doFinal(sealed, from + NONCE_BYTES, to - from - NONCE_BYTES);
        } catch (AEADBadTagException e) {
            throw new DecryptionFailedException(e);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("nothing could be opened", e);
        }
    }

    public byte[] open(SecretKey key, byte[] place, byte[] sealed) throws DecryptionFailedException {
        return open(key, place, sealed, 0, sealed.length);
    }
}
