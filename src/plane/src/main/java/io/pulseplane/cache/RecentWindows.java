package io.pulseplane.cache;

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
public final class RecentWindows {

    /** A question for more windows of a series goes to the store, and is not remembered. */
    static final int MAX_WINDOWS = 4_096;

    /** What a series takes beside its windows. */
    private static final int BYTES_OF_SERIES = 512;

    private final Cache<Series, WindowsOfSeries> known;
    private final long lifeNanos;
    private final LongAdder hits = new LongAdder();
    private final LongAdder misses = new LongAdder();

    private final WindowsOfSeries.Watcher watcher = new WindowsOfSeries.Watcher() {
        @Override
        public void asked(boolean isKnown) {
            (isKnown ? hits : misses).increment();
        }

        /** Weighed anew; if it was forgotten meanwhile, it stays so. */
        @Override
        public void grown(Series series) {
            known.asMap().computeIfPresent(series, (_, windows) -> windows);
        }
    };

    /**
     * @param maxBytes that windows may take; with 0 nothing is remembered
     * @param life after which a window is read again, whatever was heard of it: months that were retired are not shown for longer
     */
    public RecentWindows(long maxBytes, Duration life) {
        this.lifeNanos = life.toNanos();
        this.known = Caffeine.newBuilder()
                .maximumWeight(maxBytes)
                .weigher((Series _, WindowsOfSeries windows) -> BYTES_OF_SERIES + windows.bytes())
                .executor(Runnable::run)
                .build();
    }

    /** The windows of a store, from memory where they are there and hold. @param now the clock, microseconds since the epoch */
    public WindowSource over(ReadingStore readings, Site site, LongSupplier now) {
        return (series, range, width, limit) -> Uni.createFrom().deferred(() -> {
            long first = -Math.floorDiv(-range.from(), width);
            long end = Math.floorDiv(Math.min(range.to(), now.getAsLong()), width);
            if (end - first < 1 || end - first > MAX_WINDOWS) {
                return readings.aggregate(series, range, width, limit);
            }
            var windows = known.get(series, _ -> new WindowsOfSeries(readings, site, series, lifeNanos));
            return Uni.combine()
                    .all()
                    .unis(
                            windows.read(new TimeRange(range.from(), first * width), width, limit),
                            windows.whole(width, first, end, watcher),
                            windows.read(new TimeRange(end * width, range.to()), width, limit))
                    .with((before, among, after) ->
                            before.then(among).then(after).first(limit));
        });
    }

    /** Readings of a series have become durable on some plane, none of them before that time. To be told before anybody may rely on it. */
    void stored(Series series, long since) {
        var windows = known.getIfPresent(series);
        if (windows != null) {
            windows.stored(since);
        }
    }

    /** Forgets a patient whose consent has changed, or who was erased. What is being read is not remembered. */
    void forget(String patient) {
        known.asMap().keySet().removeIf(series -> series.patient().equals(patient));
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
        return known.policy().eviction().orElseThrow().weightedSize().orElse(0);
    }
}
