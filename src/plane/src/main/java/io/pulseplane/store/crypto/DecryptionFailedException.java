package io.pulseplane.store.crypto;

/** The bytes were not sealed under this key, not for this place, or are no longer as they were. */
public final class DecryptionFailedException extends Exception {

    private static final long serialVersionUID = 1L;

    DecryptionFailedException(Throwable cause) {
        super("the seal is broken", cause);
    }
}
