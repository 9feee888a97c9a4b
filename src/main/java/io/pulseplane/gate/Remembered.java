package io.pulseplane.gate;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.pulseplane.store.Site;
import io.smallrye.mutiny.Uni;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;

/**
 * What the registry says, remembered until it says otherwise. A change is honoured by whoever asks after it was made:
 * what was read before a change is not remembered after it. Where others may change the registry too, what was read is
 * believed as long as it holds by the site.
 */
final class Remembered<T> {

    private final Function<String, Uni<Optional<T>>> registry;
    private final Site site;
    private final Cache<String, Read<T>> known;
    private final AtomicLong changes = new AtomicLong();

    private record Read<T>(Optional<T> found, long asOf) {}

    Remembered(int max, Site site, Function<String, Uni<Optional<T>>> registry) {
        this.registry = registry;
        this.site = site;
        this.known = Caffeine.newBuilder().maximumSize(max).build();
    }

    /** What is known at once; null if the registry has to be asked. */
    Optional<T> now(String id) {
        var read = known.getIfPresent(id);
        return read != null && site.holds(read.asOf) ? read.found : null;
    }

    /** What was known last, though it may not hold any more; null if nothing was. */
    Optional<T> last(String id) {
        var read = known.getIfPresent(id);
        return read == null ? null : read.found;
    }

    CompletionStage<Optional<T>> ask(String id) {
        var now = now(id);
        if (now != null) {
            return CompletableFuture.completedStage(now);
        }
        long before = changes.get();
        long asOf = site.now();
        return registry.apply(id).subscribeAsCompletionStage().thenCompose(found -> {
            if (changes.get() != before) {
                return ask(id);
            }
            // A change may come in between, and is not replaced by what was before it.
            known.asMap().merge(id, new Read<>(found, asOf), (there, read) -> there.asOf > read.asOf ? there : read);
            return changes.get() == before ? CompletableFuture.completedStage(found) : forgetAndAsk(id);
        });
    }

    private CompletionStage<Optional<T>> forgetAndAsk(String id) {
        known.invalidate(id);
        return ask(id);
    }

    /** The registry says otherwise from now on. */
    void changed(String id, T now) {
        if (site.isShared()) {
            // By now somebody else may have changed it again, and we may have heard of that already.
            changed(id);
        } else {
            changes.incrementAndGet();
            known.put(id, new Read<>(Optional.of(now), site.now()));
        }
    }

    /** The registry says otherwise from now on; what it says is to be read. */
    void changed(String id) {
        changes.incrementAndGet();
        known.invalidate(id);
    }

    /** Grows with every change. */
    long changes() {
        return changes.get();
    }
}
