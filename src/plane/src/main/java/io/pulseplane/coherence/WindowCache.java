package io.pulseplane.coherence;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.pulseplane.store.ReadingStore;
import io.pulseplane.store.Site;
import io.pulseplane.vitals.Series;
import io.pulseplane.vitals.TimeRange;
import io.smallrye.mutiny.Uni;
import java.time.Duration;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;

/**
 * Caches windows in memory. A caller who queries the last hour repeatedly makes the store read only what is new, not
 * the hour.
 *
 * <p>The cache holds complete windows that have ended. Windows that the range of a query cuts off, and the window of
 * the current time, are read each time. A reading that becomes durable on any plane removes its window and the later
 * ones of its series, so a device that sends in order removes none. The promise of the {@link Site} holds: windows that
 * are not fresh are not served, but read again.
 *
 * <p>The same windows of other counted values are other windows: those with implausible readings, those without, and
 * those of another catalogue never stand in for each other.
 *
 * <p>Concurrent queries for the same windows share one read of the store. The cache is bounded by its memory and evicts
 * by series.
 */
public final class WindowCache {

    /** A query for more windows of a series goes to the store and is not cached. */
    static final int MAX_WINDOWS_PER_QUERY = 4_096;

    /** Memory that a series takes beside its windows, about. */
    private static final int BYTES_PER_SERIES = 512;

    private final Cache<Series, SeriesWindows> bySeries;
    private final long ttlNanos;
    private final LongAdder hits = new LongAdder();
    private final LongAdder misses = new LongAdder();

    private final SeriesWindows.Listener listener = new SeriesWindows.Listener() {
        @Override
        public void lookedUp(boolean hit) {
            (hit ? hits : misses).increment();
        }

        /** Weighs the series again, unless it was evicted in the meantime. */
        @Override
        public void grew(Series series) {
            bySeries.asMap().computeIfPresent(series, (_, windows) -> windows);
        }
    };

    /**
     * @param maxBytes bound on the memory of windows; with 0 nothing is cached
     * @param ttl time after which a window is read again in any case. It bounds how long windows of a retired partition
     *     are shown.
     */
    public WindowCache(long maxBytes, Duration ttl) {
        this.ttlNanos = ttl.toNanos();
        this.bySeries = Caffeine.newBuilder()
                .maximumWeight(maxBytes)
                .weigher((Series _, SeriesWindows windows) -> BYTES_PER_SERIES + windows.bytes())
                .executor(Runnable::run)
                .build();
    }

    /**
     * Looks up windows in memory, and reads those from the store that are missing or not fresh.
     *
     * @param now the clock, microseconds since the epoch
     */
    public WindowSource windowSource(ReadingStore readings, Site site, LongSupplier now) {
        return (series, range, counted, grid, limit) -> Uni.createFrom().deferred(() -> {
            long first = grid.firstStartingAt(range.from());
            long end = grid.indexOf(Math.min(range.to(), now.getAsLong()));
            if (end - first < 1 || end - first > MAX_WINDOWS_PER_QUERY) {
                return readings.aggregate(series, range, counted, grid, limit);
            }
            var kind = new SeriesWindows.Kind(grid, counted);
            var windows = bySeries.get(series, _ -> new SeriesWindows(readings, site, series, ttlNanos));
            return Uni.combine()
                    .all()
                    .unis(
                            windows.readUncached(new TimeRange(range.from(), grid.startOf(first)), kind, limit),
                            windows.wholeWindows(kind, first, end, listener),
                            windows.readUncached(new TimeRange(grid.startOf(end), range.to()), kind, limit))
                    .with((before, whole, after) ->
                            before.concat(whole).concat(after).limit(limit));
        });
    }

    /**
     * Readings of a series have become durable on some plane, none of them before the given time. Must be called before
     * the readings are acknowledged, or before the message that announces them counts as received.
     */
    void invalidateSince(Series series, long since) {
        var windows = bySeries.getIfPresent(series);
        if (windows != null) {
            windows.invalidateSince(since);
        }
    }

    /** Evicts a patient whose consent has changed, or who was erased. Pending reads are not cached. */
    void evictPatient(String patient) {
        bySeries.asMap().keySet().removeIf(series -> series.patient().equals(patient));
    }

    /** Evicts everything, because the store went back to an earlier state. Pending reads are not cached. */
    public void clear() {
        bySeries.invalidateAll();
    }

    /** Queries whose complete windows were all cached. */
    public long hits() {
        return hits.sum();
    }

    /** Queries for which complete windows had to be read. */
    public long misses() {
        return misses.sum();
    }

    /** Memory that the windows take, about. */
    public long bytes() {
        return bySeries.policy().eviction().orElseThrow().weightedSize().orElse(0);
    }
}
