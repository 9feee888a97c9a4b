package io.pulseplane.coherence;

import io.pulseplane.store.ReadingStore;
import io.pulseplane.store.Site;
import io.pulseplane.store.WindowAggregates;
import io.pulseplane.store.WindowGrid;
import io.pulseplane.vitals.Series;
import io.pulseplane.vitals.TimeRange;
import io.pulseplane.vitals.ValueRange;
import io.smallrye.mutiny.Uni;
import io.smallrye.mutiny.subscription.Cancellable;
import io.smallrye.mutiny.subscription.UniEmitter;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;

/**
 * Caches the windows of one series: for each kind of windows one run of windows without a gap. It also tracks the
 * pending reads. Readings that become durable during a read may be missing in its result; windows that may lack them
 * are not cached.
 */
final class SeriesWindows {

    /** Memory that a kind of windows takes beside the windows, about. */
    private static final int BYTES_PER_KIND = 232;

    /** What windows are of: their grid, and the values of the readings that count in them. */
    record Kind(WindowGrid grid, ValueRange counted) {}

    /** Receives the outcome of lookups. */
    interface Listener {

        /** @param hit whether all windows were cached */
        void lookedUp(boolean hit);

        /** The cached windows take more memory than before. */
        void grew(Series series);
    }

    /**
     * All windows from index {@code from} to {@code end}, exclusive.
     *
     * @param asOf when the oldest of its reads began, by the clock of the site
     * @param readAtNanos the same by the clock of the machine
     */
    private record WindowRun(long from, long end, WindowAggregates aggregates, long asOf, long readAtNanos) {

        WindowRun truncatedAt(long index) {
            return index >= end ? this : new WindowRun(from, index, aggregates.between(from, index), asOf, readAtNanos);
        }
    }

    private record ReadKey(Kind kind, TimeRange range, int limit) {}

    /** A read that is under way and shared by all its subscribers. It is cancelled when the last of them leaves. */
    private static final class PendingRead {
        private final CompletableFuture<WindowAggregates> answer = new CompletableFuture<>();
        private final long asOf;
        private final long startedAtNanos = System.nanoTime();
        private Cancellable upstream;
        private int subscribers;

        /** The result may lack readings from this time on. */
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
    private final Map<Kind, WindowRun> runsByKind = new HashMap<>();
    private final Map<ReadKey, PendingRead> pendingReads = new HashMap<>();

    SeriesWindows(ReadingStore readings, Site site, Series series, long ttlNanos) {
        this.readings = readings;
        this.site = site;
        this.series = series;
        this.ttlNanos = ttlNanos;
    }

    synchronized int bytes() {
        return runsByKind.values().stream()
                .mapToInt(run -> BYTES_PER_KIND + run.aggregates.size() * WindowAggregates.BYTES_PER_ROW)
                .sum();
    }

    /** Reads windows that are not cached. */
    Uni<WindowAggregates> readUncached(TimeRange range, Kind kind, int limit) {
        return range.isEmpty() ? NO_WINDOWS : readShared(new ReadKey(kind, range, limit), (_, _) -> {});
    }

    /** Whole windows from index {@code first} to {@code end}, exclusive; reads what is not cached. */
    Uni<WindowAggregates> wholeWindows(Kind kind, long first, long end, Listener listener) {
        return Uni.createFrom().deferred(() -> {
            var run = freshRun(kind);
            if (run == null || run.from > first || run.end < first) {
                listener.lookedUp(false);
                return readMissing(kind, first, end, listener);
            }
            var cached = run.aggregates.between(first, end);
            boolean isComplete = run.end >= end;
            listener.lookedUp(isComplete);
            return isComplete
                    ? Uni.createFrom().item(cached)
                    : readMissing(kind, run.end, end, listener).map(cached::concat);
        });
    }

    /** The cached run of a kind; null if there is none, or if it is not fresh. */
    private synchronized WindowRun freshRun(Kind kind) {
        var run = runsByKind.get(kind);
        return run != null && isFresh(run) ? run : null;
    }

    private boolean isFresh(WindowRun run) {
        return site.isFresh(run.asOf) && System.nanoTime() - run.readAtNanos < ttlNanos;
    }

    private Uni<WindowAggregates> readMissing(Kind kind, long from, long end, Listener listener) {
        var range = new TimeRange(kind.grid.startOf(from), kind.grid.startOf(end));
        return readShared(new ReadKey(kind, range, WindowCache.MAX_WINDOWS_PER_QUERY), (read, rows) -> {
            cacheRun(read, kind, from, end, rows);
            listener.grew(series);
        });
    }

    private Uni<WindowAggregates> readShared(ReadKey key, BiConsumer<PendingRead, WindowAggregates> onRead) {
        return Uni.createFrom().emitter(emitter -> join(key, onRead, emitter));
    }

    /** Joins the pending read of the same windows, unless its result would not be fresh for the new subscriber. */
    private void join(
            ReadKey key,
            BiConsumer<PendingRead, WindowAggregates> onRead,
            UniEmitter<? super WindowAggregates> emitter) {
        PendingRead read;
        boolean isNew;
        synchronized (this) {
            var pending = pendingReads.get(key);
            isNew = pending == null || pending.incompleteFrom < Long.MAX_VALUE || !site.isFresh(pending.asOf);
            read = isNew ? new PendingRead(site.now()) : pending;
            read.subscribers++;
            pendingReads.put(key, read);
        }
        emitter.onTermination(() -> leave(key, read));
        // Delivers the result to the emitter, failures included.
        var _ = read.answer.whenComplete((rows, failure) -> {
            if (failure == null) {
                emitter.complete(rows);
            } else {
                emitter.fail(failure);
            }
        });
        if (isNew) {
            start(key, read, onRead);
        }
    }

    private void start(ReadKey key, PendingRead read, BiConsumer<PendingRead, WindowAggregates> onRead) {
        var upstream = readings.aggregate(series, key.range, key.kind.counted, key.kind.grid, key.limit)
                .subscribe()
                .with(
                        rows -> {
                            onRead.accept(read, rows);
                            finish(key, read);
                            read.answer.complete(rows);
                        },
                        failure -> {
                            finish(key, read);
                            read.answer.completeExceptionally(failure);
                        });
        synchronized (this) {
            read.upstream = upstream;
            if (read.subscribers == 0) {
                upstream.cancel();
            }
        }
    }

    private synchronized void finish(ReadKey key, PendingRead read) {
        pendingReads.remove(key, read);
    }

    private synchronized void leave(ReadKey key, PendingRead read) {
        read.subscribers--;
        if (read.subscribers == 0) {
            pendingReads.remove(key, read);
            if (read.upstream != null) {
                read.upstream.cancel();
            }
        }
    }

    private synchronized void cacheRun(PendingRead read, Kind kind, long from, long end, WindowAggregates rows) {
        long completeEnd = Math.min(end, kind.grid.indexOf(read.incompleteFrom));
        if (completeEnd > from) {
            var fresh =
                    new WindowRun(from, completeEnd, rows.between(from, completeEnd), read.asOf, read.startedAtNanos);
            runsByKind.merge(kind, fresh, this::merge);
        }
    }

    /** Merges a fresh run into the cached one; where they overlap, the fresh one wins. */
    private WindowRun merge(WindowRun cached, WindowRun fresh) {
        if (!isFresh(cached) || cached.from > fresh.from || cached.end < fresh.from) {
            return fresh;
        }
        long from = Math.max(cached.from, fresh.end - WindowCache.MAX_WINDOWS_PER_QUERY);
        var rows = cached.aggregates.between(from, fresh.from).concat(fresh.aggregates);
        return new WindowRun(
                from,
                fresh.end,
                rows,
                Math.min(cached.asOf, fresh.asOf),
                Math.min(cached.readAtNanos, fresh.readAtNanos));
    }

    /** Readings from this time on have become durable: forgets the windows that may lack them, cached or pending. */
    synchronized void invalidateSince(long since) {
        runsByKind.replaceAll((kind, run) -> run.truncatedAt(kind.grid.indexOf(since)));
        runsByKind.values().removeIf(run -> run.end <= run.from);
        pendingReads.forEach((key, read) -> {
            if (since < key.range.to()) {
                read.incompleteFrom = Math.min(read.incompleteFrom, since);
            }
        });
    }
}
