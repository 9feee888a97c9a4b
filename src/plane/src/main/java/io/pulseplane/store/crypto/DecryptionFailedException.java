package io.pulseplane.store.crypto;

/** Decryption failed: the bytes were sealed under another key, for other associated data, or were changed. */
public final class DecryptionFailedException extends Exception {

    private static final long serialVersionUID = 1L;

    DecryptionFailedException(Throwable cause) {
        super("the data could not be decrypted", cause);
    }
}
