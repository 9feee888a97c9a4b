package io.pulseplane.vitals.chunk;

/** Bytes are not as they were written. The message says what is wrong with them, and never what they hold. */
public final class CorruptDataException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    public CorruptDataException(String message) {
        super(message);
    }
}
