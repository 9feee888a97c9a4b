package io.pulseplane.store.chunk;

/** The bytes are no chunk, or not as they were written. Says where it was noticed, never what the bytes hold. */
public final class ChunkDamaged extends RuntimeException {

    private static final long serialVersionUID = 1L;

    ChunkDamaged(String message) {
        super(message);
    }
}
