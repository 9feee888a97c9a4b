package io.pulseplane.gate;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.pulseplane.store.Site;
import io.pulseplane.vitals.PlaneException;
import io.smallrye.mutiny.Uni;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.function.ToIntFunction;

/**
 * What the registry says, remembered until it says otherwise. A change is honoured by whoever asks after it was made:
 * what was read before a change is not remembered after it. Where others may change the registry too, what was read is
 * believed as long as it holds by the site.
 */
final class RegistryCache<T> {

    /** What an entry takes beside what was found. */
    private static final int ENTRY_BYTES = 256;

    private final Function<String, Uni<Optional<T>>> registry;
    private final Site site;
    private final Cache<String, CachedValue<T>> entries;
    private final AtomicLong version = new AtomicLong();

    private final ConcurrentMap<String, Load<T>> pendingLoads = new ConcurrentHashMap<>();

    private record CachedValue<T>(Optional<T> value, long asOf) {}

    /** @param version how many changes there had been when it began */
    private record Load<T>(long version, long asOf, CompletableFuture<Optional<T>> result) {}

    /**
     * @param maxBytes that may be taken in memory
     * @param weight what one of them takes in it, about, in bytes
     */
    RegistryCache(long maxBytes, ToIntFunction<T> weight, Site site, Function<String, Uni<Optional<T>>> registry) {
        this.registry = registry;
        this.site = site;
        this.entries = Caffeine.newBuilder()
                .maximumWeight(maxBytes)
                .weigher((String id, CachedValue<T> read) -> ENTRY_BYTES
                        + id.length()
                        + read.value.map(weight::applyAsInt).orElse(0))
                .build();
    }

    /** What is known at once; null if the registry has to be asked. */
    Optional<T> cached(String id) {
        var read = entries.getIfPresent(id);
        return read != null && site.isFresh(read.asOf) ? read.value : null;
    }

    /** What was known last, though it may not hold any more; null if nothing was. */
    Optional<T> lastKnown(String id) {
        var read = entries.getIfPresent(id);
        return read == null ? null : read.value;
    }

    CompletionStage<Optional<T>> load(String id) {
        var now = cached(id);
        if (now != null) {
            return CompletableFuture.completedStage(now);
        }
        var question = pendingLoad(id);
        return question.result.thenCompose(found -> {
            if (version.get() != question.version) {
                return load(id);
            }
            // A change may come in between, and is not replaced by what was before it.
            entries.asMap()
                    .merge(
                            id,
                            new CachedValue<>(found, question.asOf),
                            (there, read) -> there.asOf >= read.asOf ? there : read);
            return version.get() == question.version ? CompletableFuture.completedStage(found) : reload(id);
        });
    }

    /** What is known last where the registry cannot be asked; fails as the registry does where nothing is. */
    CompletionStage<Optional<T>> loadOrLastKnown(String id) {
        return load(id).exceptionallyCompose(failure -> {
            var cause = PlaneException.unwrap(failure);
            var last = cause instanceof PlaneException.Unavailable ? lastKnown(id) : null;
            return last == null ? CompletableFuture.failedStage(cause) : CompletableFuture.completedStage(last);
        });
    }

    /** One question at a time for each id, however many ask; a new one when the last began too early for who asks now. */
    private Load<T> pendingLoad(String id) {
        var mine = new Load<T>(version.get(), site.now(), new CompletableFuture<>());
        var question = pendingLoads.merge(
                id, mine, (there, _) -> there.version == mine.version && site.isFresh(there.asOf) ? there : mine);
        if (question == mine) {
            registry.apply(id).subscribeAsCompletionStage().whenComplete((found, failure) -> {
                pendingLoads.remove(id, mine);
                if (failure == null) {
                    mine.result.complete(found);
                } else {
                    mine.result.completeExceptionally(failure);
                }
            });
        }
        return question;
    }

    private CompletionStage<Optional<T>> reload(String id) {
        entries.invalidate(id);
        return load(id);
    }

    /** The registry says otherwise from now on. */
    void update(String id, T now) {
        if (site.isShared()) {
            // By now somebody else may have changed it again, and we may have heard of that already.
            update(id);
        } else {
            version.incrementAndGet();
            entries.put(id, new CachedValue<>(Optional.of(now), site.now()));
        }
    }

    /** The registry says otherwise from now on; what it says is to be read. */
    void update(String id) {
        version.incrementAndGet();
        entries.invalidate(id);
    }

    /** The registry has nothing of it any more. */
    void invalidate(String id) {
        version.incrementAndGet();
        entries.invalidate(id);
    }

    /** Grows with every change. */
    long version() {
        return version.get();
    }
}
