package io.pulseplane.coherence;

import io.pulseplane.store.ReadingStore;
import io.pulseplane.store.Site;
import io.pulseplane.store.WindowAggregates;
import io.pulseplane.vitals.Series;
import io.pulseplane.vitals.TimeRange;
import io.smallrye.mutiny.Uni;
import io.smallrye.mutiny.subscription.Cancellable;
import io.smallrye.mutiny.subscription.UniEmitter;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;

/**
 * The windows of one series that are remembered, of each width those of one stretch of time without a gap, and what is being
 * read of it. What becomes durable while something is read may be missing there, and what may miss it is not remembered.
 */
final class SeriesWindows {

    /** A width takes its place in a map, too. */
    private static final int BYTES_PER_WIDTH = 200;

    /** Who wants to know what became of a question. */
    interface Listener {

        /** @param known whether nothing had to be read for it */
        void lookedUp(boolean known);

        /** There is more to remember. */
        void grew(Series series);
    }

    /**
     * All windows from one to another, exclusive.
     *
     * @param asOf when the oldest of it was asked for, by the clock of the site
     * @param readAtNanos the same by the clock of the machine
     */
    private record WindowRun(long from, long end, WindowAggregates aggregates, long asOf, long readAtNanos) {

        WindowRun truncatedAt(long index) {
            return index >= end ? this : new WindowRun(from, index, aggregates.between(from, index), asOf, readAtNanos);
        }
    }

    private record ReadKey(long width, TimeRange range, int limit) {}

    /** What is being read, for all who ask for it; given up when none of them is left. */
    private static final class PendingRead {
        private final CompletableFuture<WindowAggregates> answer = new CompletableFuture<>();
        private final long asOf;
        private final long startedAtNanos = System.nanoTime();
        private Cancellable upstream;
        private int subscribers;

        /** From here on it may miss something. */
        private long incompleteFrom = Long.MAX_VALUE;

        private PendingRead(long asOf) {
            this.asOf = asOf;
        }
    }

    private static final Uni<WindowAggregates> NO_WINDOWS = Uni.createFrom().item(WindowAggregates.EMPTY);

    private final ReadingStore readings;
    private final Site site;
    private final Series series;
    private final long ttlNanos;
    private final Map<Long, WindowRun> runsByWidth = new HashMap<>();
    private final Map<ReadKey, PendingRead> pendingReads = new HashMap<>();

    SeriesWindows(ReadingStore readings, Site site, Series series, long lifeNanos) {
        this.readings = readings;
        this.site = site;
        this.series = series;
        this.ttlNanos = lifeNanos;
    }

    synchronized int bytes() {
        return runsByWidth.values().stream()
                .mapToInt(stretch -> BYTES_PER_WIDTH + stretch.aggregates.size() * WindowAggregates.BYTES_PER_ROW)
                .sum();
    }

    /** What is there of a range, which is not remembered. */
    Uni<WindowAggregates> readUncached(TimeRange range, long width, int limit) {
        return range.isEmpty() ? NO_WINDOWS : readShared(new ReadKey(width, range, limit), (_, _) -> {});
    }

    /** Whole windows, from one to another, exclusive. */
    Uni<WindowAggregates> wholeWindows(long width, long first, long end, Listener watcher) {
        return Uni.createFrom().deferred(() -> {
            var there = freshRun(width);
            if (there == null || there.from > first || there.end < first) {
                watcher.lookedUp(false);
                return readMissing(width, first, end, watcher);
            }
            var known = there.aggregates.between(first, end);
            boolean isAll = there.end >= end;
            watcher.lookedUp(isAll);
            return isAll
                    ? Uni.createFrom().item(known)
                    : readMissing(width, there.end, end, watcher).map(known::concat);
        });
    }

    /** Null if there is none, or it does not hold any more. */
    private synchronized WindowRun freshRun(long width) {
        var there = runsByWidth.get(width);
        return there != null && isFresh(there) ? there : null;
    }

    private boolean isFresh(WindowRun stretch) {
        return site.isFresh(stretch.asOf) && System.nanoTime() - stretch.readAtNanos < ttlNanos;
    }

    private Uni<WindowAggregates> readMissing(long width, long from, long end, Listener watcher) {
        var range = new TimeRange(from * width, end * width);
        return readShared(new ReadKey(width, range, WindowCache.MAX_WINDOWS_PER_QUERY), (asking, rows) -> {
            cacheRun(asking, width, from, end, rows);
            watcher.grew(series);
        });
    }

    private Uni<WindowAggregates> readShared(ReadKey what, BiConsumer<PendingRead, WindowAggregates> then) {
        return Uni.createFrom().emitter(emitter -> join(what, then, emitter));
    }

    /** One question at a time, unless what the last one began with is too old for who asks now. */
    private void join(
            ReadKey what,
            BiConsumer<PendingRead, WindowAggregates> then,
            UniEmitter<? super WindowAggregates> emitter) {
        PendingRead asking;
        boolean isNew;
        synchronized (this) {
            var there = pendingReads.get(what);
            isNew = there == null || there.incompleteFrom < Long.MAX_VALUE || !site.isFresh(there.asOf);
            asking = isNew ? new PendingRead(site.now()) : there;
            asking.subscribers++;
            pendingReads.put(what, asking);
        }
        emitter.onTermination(() -> leave(what, asking));
        asking.answer.whenComplete((rows, failure) -> {
            if (failure == null) {
                emitter.complete(rows);
            } else {
                emitter.fail(failure);
            }
        });
        if (isNew) {
            start(what, asking, then);
        }
    }

    private void start(ReadKey what, PendingRead asking, BiConsumer<PendingRead, WindowAggregates> then) {
        var upstream = readings.aggregate(series, what.range, what.width, what.limit)
                .subscribe()
                .with(
                        rows -> {
                            then.accept(asking, rows);
                            finish(what, asking);
                            asking.answer.complete(rows);
                        },
                        failure -> {
                            finish(what, asking);
                            asking.answer.completeExceptionally(failure);
                        });
        synchronized (this) {
            asking.upstream = upstream;
            if (asking.subscribers == 0) {
                upstream.cancel();
            }
        }
    }

    private synchronized void finish(ReadKey what, PendingRead asking) {
        pendingReads.remove(what, asking);
    }

    private synchronized void leave(ReadKey what, PendingRead asking) {
        asking.subscribers--;
        if (asking.subscribers == 0) {
            pendingReads.remove(what, asking);
            if (asking.upstream != null) {
                asking.upstream.cancel();
            }
        }
    }

    private synchronized void cacheRun(PendingRead asking, long width, long from, long end, WindowAggregates rows) {
        long certain = Math.min(end, Math.floorDiv(asking.incompleteFrom, width));
        if (certain > from) {
            var fresh = new WindowRun(from, certain, rows.between(from, certain), asking.asOf, asking.startedAtNanos);
            runsByWidth.merge(width, fresh, this::merge);
        }
    }

    /** What was read last goes over what was there. */
    private WindowRun merge(WindowRun there, WindowRun fresh) {
        if (!isFresh(there) || there.from > fresh.from || there.end < fresh.from) {
            return fresh;
        }
        long from = Math.max(there.from, fresh.end - WindowCache.MAX_WINDOWS_PER_QUERY);
        var rows = there.aggregates.between(from, fresh.from).concat(fresh.aggregates);
        return new WindowRun(
                from,
                fresh.end,
                rows,
                Math.min(there.asOf, fresh.asOf),
                Math.min(there.readAtNanos, fresh.readAtNanos));
    }

    /** Since that time readings have become durable that may be missing in what is remembered, or being read. */
    synchronized void invalidateSince(long since) {
        runsByWidth.replaceAll((width, stretch) -> stretch.truncatedAt(Math.floorDiv(since, width)));
        runsByWidth.values().removeIf(stretch -> stretch.end <= stretch.from);
        pendingReads.forEach((what, asking) -> {
            if (since < what.range.to()) {
                asking.incompleteFrom = Math.min(asking.incompleteFrom, since);
            }
        });
    }
}
