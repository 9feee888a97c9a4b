package io.pulseplane.store;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
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
 * Remembers values of the registry until they change. Whoever loads a value after a change gets the changed value: a
 * value that was read before a change is not kept after it. In a site, where other planes may change the registry too,
 * a value is used as long as the site says that it is fresh.
 */
public final class RegistryCache<T> {

    /** What an entry takes in memory beside its value. */
    private static final int ENTRY_BYTES = 256;

    private final Function<String, Uni<Optional<T>>> registry;
    private final Site site;
    private final Cache<String, CachedValue<T>> entries;
    private final AtomicLong version = new AtomicLong();

    private final ConcurrentMap<String, Load<T>> pendingLoads = new ConcurrentHashMap<>();

    private record CachedValue<T>(Optional<T> value, long asOf) {}

    /** @param version the version of the cache when the load began */
    private record Load<T>(long version, long asOf, CompletableFuture<Optional<T>> result) {}

    /**
     * @param maxBytes how much memory all entries may take
     * @param weight how much memory a value takes, about, in bytes
     */
    public RegistryCache(
            long maxBytes, ToIntFunction<T> weight, Site site, Function<String, Uni<Optional<T>>> registry) {
        this.registry = registry;
        this.site = site;
        this.entries = Caffeine.newBuilder()
                .maximumWeight(maxBytes)
                .weigher((String id, CachedValue<T> entry) -> ENTRY_BYTES
                        + id.length()
                        + entry.value.map(weight::applyAsInt).orElse(0))
                .build();
    }

    /** Returns null if the registry has to be queried. */
    public Optional<T> cached(String id) {
        var entry = entries.getIfPresent(id);
        return entry != null && site.isFresh(entry.asOf) ? entry.value : null;
    }

    /** Returns the last value read, even if it is not fresh any more; null if none is remembered. */
    public Optional<T> lastKnown(String id) {
        var entry = entries.getIfPresent(id);
        return entry == null ? null : entry.value;
    }

    public CompletionStage<Optional<T>> load(String id) {
        var cached = cached(id);
        if (cached != null) {
            return CompletableFuture.completedStage(cached);
        }
        var load = pendingLoad(id);
        return load.result.thenCompose(value -> {
            if (version.get() != load.version) {
                return load(id);
            }
            // An entry that is newer, because a change came in between, stays.
            entries.asMap()
                    .merge(
                            id,
                            new CachedValue<>(value, load.asOf),
                            (present, loaded) -> present.asOf >= loaded.asOf ? present : loaded);
            return version.get() == load.version ? CompletableFuture.completedStage(value) : reload(id);
        });
    }

    /** Loads a value. Gives the last known one if the registry is unavailable, and fails if there is none. */
    public CompletionStage<Optional<T>> loadOrLastKnown(String id) {
        return load(id).exceptionallyCompose(failure -> {
            var cause = PlaneException.unwrap(failure);
            var last = cause instanceof PlaneException.Unavailable ? lastKnown(id) : null;
            return last == null ? CompletableFuture.failedStage(cause) : CompletableFuture.completedStage(last);
        });
    }

    /** Joins the load of this id that is under way, or begins one if there is none or if that one began too early. */
    private Load<T> pendingLoad(String id) {
        var mine = new Load<T>(version.get(), site.now(), new CompletableFuture<>());
        var load = pendingLoads.compute(id, (_, other) -> other != null && canJoin(other, mine.version) ? other : mine);
        if (load.result == mine.result) {
            var _ = registry.apply(id).subscribeAsCompletionStage().whenComplete((value, failure) -> {
                pendingLoads.remove(id, mine);
                if (failure == null) {
                    mine.result.complete(value);
                } else {
                    mine.result.completeExceptionally(failure);
                }
            });
        }
        return load;
    }

    private boolean canJoin(Load<T> other, long currentVersion) {
        return other.version == currentVersion && site.isFresh(other.asOf);
    }

    private CompletionStage<Optional<T>> reload(String id) {
        entries.invalidate(id);
        return load(id);
    }

    /** The value changed on this plane. */
    public void update(String id, T value) {
        if (site.isShared()) {
            // Another plane may have changed it again, and its announcement may have come before this.
            update(id);
        } else {
            version.incrementAndGet();
            entries.put(id, new CachedValue<>(Optional.of(value), site.now()));
        }
    }

    /** The value changed; the next caller loads it. */
    public void update(String id) {
        version.incrementAndGet();
        entries.invalidate(id);
    }

    /** The value was removed from the registry; the next caller finds nothing. */
    public void invalidate(String id) {
        version.incrementAndGet();
        entries.invalidate(id);
    }

    /** Everything may have changed; the next caller of each value loads it. */
    public void clear() {
        version.incrementAndGet();
        entries.invalidateAll();
    }

    /** Grows with every change. */
    public long version() {
        return version.get();
    }
}
