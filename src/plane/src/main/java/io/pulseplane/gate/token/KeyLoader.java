package io.pulseplane.gate.token;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** One look at where keys come from, on threads of its own. At most one look is under way at a time. */
interface KeyLoader extends AutoCloseable {

    /**
     * What was found.
     *
     * @param refreshAfter when to begin the next look
     * @param ttl how long these keys hold without one
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

    /** Of keys on this machine's disk, which are looked at again and again while there are calls. */
    static KeyLoader ofFile(BlockingReader reading, Duration interval) {
        return () -> {
            var loaded = new CompletableFuture<LoadResult>();
            // Not a thread of the pool that checks tokens: whoever fills that must not keep the keys from being seen.
            Thread.ofVirtual().name("pulseplane-keys").start(() -> {
                try {
                    loaded.complete(new LoadResult(reading.read(), interval, interval.multipliedBy(2)));
                } catch (UnusableKeyException | RuntimeException e) {
                    loaded.completeExceptionally(e);
                }
            });
            return loaded;
        };
    }
}
