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
 * Windows somebody asked for lately, in memory: who asks for the last hour again and again has the store read what came
 * since, not the hour.
 *
 * <p>Remembered are windows that are over and that a question covered whole. What it cut off at either end, and the window that
 * time is in, is read each time. A reading that becomes durable on any plane takes its window, and those of its series
 * after it, out of here; so a device that sends in order takes none. The promise is that of the {@link Site}: what it does
 * not hold any more is not served, and read again.
 *
 * <p>One question to the store at a time for the same windows, however many ask. Bounded by what the windows take in memory; those
 * of series nobody asks for are forgotten first.
 */
public final class WindowCache {

    /** A question for more windows of a series goes to the store, and is not remembered. */
    static final int MAX_WINDOWS_PER_QUERY = 4_096;

    /** What a series takes beside its windows. */
    private static final int BYTES_PER_SERIES = 512;

    private final Cache<Series, SeriesWindows> bySeries;
    private final long ttlNanos;
    private final LongAdder hits = new LongAdder();
    private final LongAdder misses = new LongAdder();

    private final SeriesWindows.Listener listener = new SeriesWindows.Listener() {
        @Override
        public void lookedUp(boolean isKnown) {
            (isKnown ? hits : misses).increment();
        }

        /** Weighed anew; if it was forgotten meanwhile, it stays so. */
        @Override
        public void grew(Series series) {
            bySeries.asMap().computeIfPresent(series, (_, windows) -> windows);
        }
    };

    /**
     * @param maxBytes that windows may take; with 0 nothing is remembered
     * @param life after which a window is read again, whatever was heard of it: months that were retired are not shown for longer
     */
    public WindowCache(long maxBytes, Duration life) {
        this.ttlNanos = life.toNanos();
        this.bySeries = Caffeine.newBuilder()
                .maximumWeight(maxBytes)
                .weigher((Series _, SeriesWindows windows) -> BYTES_PER_SERIES + windows.bytes())
                .executor(Runnable::run)
                .build();
    }

    /** The windows of a store, from memory where they are there and hold. @param now the clock, microseconds since the epoch */
    public WindowSource windowSource(ReadingStore readings, Site site, LongSupplier now) {
        return (series, range, width, limit) -> Uni.createFrom().deferred(() -> {
            long first = -Math.floorDiv(-range.from(), width);
            long end = Math.floorDiv(Math.min(range.to(), now.getAsLong()), width);
            if (end - first < 1 || end - first > MAX_WINDOWS_PER_QUERY) {
                return readings.aggregate(series, range, width, limit);
            }
            var windows = bySeries.get(series, _ -> new SeriesWindows(readings, site, series, ttlNanos));
            return Uni.combine()
                    .all()
                    .unis(
                            windows.readUncached(new TimeRange(range.from(), first * width), width, limit),
                            windows.wholeWindows(width, first, end, listener),
                            windows.readUncached(new TimeRange(end * width, range.to()), width, limit))
                    .with((before, among, after) ->
                            before.concat(among).concat(after).limit(limit));
        });
    }

    /** Readings of a series have become durable on some plane, none of them before that time. To be told before anybody may rely on it. */
    void invalidateSince(Series series, long since) {
        var windows = bySeries.getIfPresent(series);
        if (windows != null) {
            windows.invalidateSince(since);
        }
    }

    /** Forgets a patient whose consent has changed, or who was erased. What is being read is not remembered. */
    void evictPatient(String patient) {
        bySeries.asMap().keySet().removeIf(series -> series.patient().equals(patient));
    }

    /** Questions whose whole windows were all here. */
    public long hits() {
        return hits.sum();
    }

    /** Questions for which some had to be read. */
    public long misses() {
        return misses.sum();
    }

    /** Bytes that are taken, about. */
    public long bytes() {
        return bySeries.policy().eviction().orElseThrow().weightedSize().orElse(0);
    }
}
