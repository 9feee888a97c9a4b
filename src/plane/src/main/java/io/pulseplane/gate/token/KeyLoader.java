package io.pulseplane.gate.token;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Loads keys from their source, on threads of its own. At most one load is under way at a time. */
interface KeyLoader extends AutoCloseable {

    /**
     * Loaded keys.
     *
     * @param refreshAfter when to begin the next load
     * @param ttl how long these keys may be used without a new load
     */
    record LoadResult(KeySet keys, Duration refreshAfter, Duration ttl) {}

    /** Reads keys; may block. */
    @FunctionalInterface
    interface BlockingReader {
        KeySet read() throws UnusableKeyException;
    }

    CompletionStage<LoadResult> load();

    @Override
    default void close() {}

    /** A loader for a file on this machine, which is read at every interval while there are calls. */
    static KeyLoader ofFile(BlockingReader reader, Duration interval) {
        return () -> {
            var loaded = new CompletableFuture<LoadResult>();
            // Not a thread of the pool that checks tokens: a full pool must not keep the plane from reading new keys.
            Thread.ofVirtual().name("pulseplane-keys").start(() -> {
                try {
                    loaded.complete(new LoadResult(reader.read(), interval, interval.multipliedBy(2)));
                } catch (UnusableKeyException | RuntimeException e) {
                    loaded.completeExceptionally(e);
                }
            });
            return loaded;
        };
    }
}
