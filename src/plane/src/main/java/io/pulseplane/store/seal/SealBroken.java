package io.pulseplane.store.seal;

/** The bytes were not sealed under this key, not for this place, or are no longer as they were. */
public final class SealBroken extends Exception {

    private static final long serialVersionUID = 1L;

    SealBroken(Throwable cause) {
        super("the seal is broken", cause);
    }
}
