package io.pulseplane.gate;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.smallrye.mutiny.Uni;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;

/**
 * What the registry says, remembered until it says otherwise. A change is honoured by whoever asks after it was made:
 * what was read before a change is not remembered after it.
 */
final class Remembered<T> {

    private final Function<String, Uni<Optional<T>>> registry;
    private final Cache<String, Optional<T>> known;
    private final AtomicLong changes = new AtomicLong();

    Remembered(int max, Function<String, Uni<Optional<T>>> registry) {
        this.registry = registry;
        this.known = Caffeine.newBuilder().maximumSize(max).build();
    }

    /** What is known at once; null if the registry has to be asked. */
    Optional<T> now(String id) {
        return known.getIfPresent(id);
    }

    CompletionStage<Optional<T>> ask(String id) {
        var now = known.getIfPresent(id);
        if (now != null) {
            return CompletableFuture.completedStage(now);
        }
        long before = changes.get();
        return registry.apply(id).subscribeAsCompletionStage().thenCompose(found -> {
            if (changes.get() != before) {
                return ask(id);
            }
            // A change may come in between, and is not replaced by what was before it.
            known.asMap().putIfAbsent(id, found);
            return changes.get() == before ? CompletableFuture.completedStage(found) : forgetAndAsk(id);
        });
    }

    private CompletionStage<Optional<T>> forgetAndAsk(String id) {
        known.invalidate(id);
        return ask(id);
    }

    /** The registry says otherwise from now on. */
    void changed(String id, T now) {
        changes.incrementAndGet();
        known.put(id, Optional.of(now));
    }

    /** Grows with every change. */
    long changes() {
        return changes.get();
    }
}
