package io.pulseplane.vitals.chunk;

/** Bytes are not as they were written. The message says what is wrong with them, and never what they hold. */
public final class CorruptChunkException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    public CorruptChunkException(String message) {
        super(message);
    }
}
