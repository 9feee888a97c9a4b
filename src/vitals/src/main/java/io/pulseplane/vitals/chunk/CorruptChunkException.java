package io.pulseplane.vitals.chunk;

/** The bytes are no chunk, or not as they were written. Says where it was noticed, never what the bytes hold. */
public final class CorruptChunkException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    CorruptChunkException(String message) {
        super(message);
    }
}
