package io.pulseplane.cache;

import io.pulseplane.store.Aggregates;
import io.pulseplane.store.ReadingStore;
import io.pulseplane.store.Site;
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
final class WindowsOfSeries {

    /** A width takes its place in a map, too. */
    private static final int BYTES_OF_WIDTH = 200;

    /** Who wants to know what became of a question. */
    interface Watcher {

        /** @param known whether nothing had to be read for it */
        void asked(boolean known);

        /** There is more to remember. */
        void grown(Series series);
    }

    /**
     * All windows from one to another, exclusive.
     *
     * @param asOf when the oldest of it was asked for, by the clock of the site
     * @param born the same by the clock of the machine
     */
    private record Stretch(long from, long end, Aggregates rows, long asOf, long born) {

        Stretch before(long index) {
            return index >= end ? this : new Stretch(from, index, rows.between(from, index), asOf, born);
        }
    }

    private record Read(long width, TimeRange range, int limit) {}

    /** What is being read, for all who ask for it; given up when none of them is left. */
    private static final class Asking {
        private final CompletableFuture<Aggregates> answer = new CompletableFuture<>();
        private final long asOf;
        private final long born = System.nanoTime();
        private Cancellable upstream;
        private int askers;

        /** From here on it may miss something. */
        private long doubtful = Long.MAX_VALUE;

        private Asking(long asOf) {
            this.asOf = asOf;
        }
    }

    private static final Uni<Aggregates> NOTHING = Uni.createFrom().item(Aggregates.NONE);

    private final ReadingStore readings;
    private final Site site;
    private final Series series;
    private final long lifeNanos;
    private final Map<Long, Stretch> stretches = new HashMap<>();
    private final Map<Read, Asking> underWay = new HashMap<>();

    WindowsOfSeries(ReadingStore readings, Site site, Series series, long lifeNanos) {
        this.readings = readings;
        this.site = site;
        this.series = series;
        this.lifeNanos = lifeNanos;
    }

    synchronized int bytes() {
        return stretches.values().stream()
                .mapToInt(stretch -> BYTES_OF_WIDTH + stretch.rows.size() * Aggregates.BYTES_OF_ROW)
                .sum();
    }

    /** What is there of a range, which is not remembered. */
    Uni<Aggregates> read(TimeRange range, long width, int limit) {
        return range.isEmpty() ? NOTHING : shared(new Read(width, range, limit), (_, _) -> {});
    }

    /** Whole windows, from one to another, exclusive. */
    Uni<Aggregates> whole(long width, long first, long end, Watcher watcher) {
        return Uni.createFrom().deferred(() -> {
            var there = held(width);
            if (there == null || there.from > first || there.end < first) {
                watcher.asked(false);
                return missing(width, first, end, watcher);
            }
            var known = there.rows.between(first, end);
            boolean isAll = there.end >= end;
            watcher.asked(isAll);
            return isAll
                    ? Uni.createFrom().item(known)
                    : missing(width, there.end, end, watcher).map(known::then);
        });
    }

    /** Null if there is none, or it does not hold any more. */
    private synchronized Stretch held(long width) {
        var there = stretches.get(width);
        return there != null && holds(there) ? there : null;
    }

    private boolean holds(Stretch stretch) {
        return site.holds(stretch.asOf) && System.nanoTime() - stretch.born < lifeNanos;
    }

    private Uni<Aggregates> missing(long width, long from, long end, Watcher watcher) {
        var range = new TimeRange(from * width, end * width);
        return shared(new Read(width, range, RecentWindows.MAX_WINDOWS), (asking, rows) -> {
            keep(asking, width, from, end, rows);
            watcher.grown(series);
        });
    }

    private Uni<Aggregates> shared(Read what, BiConsumer<Asking, Aggregates> then) {
        return Uni.createFrom().emitter(emitter -> ask(what, then, emitter));
    }

    /** One question at a time, unless what the last one began with is too old for who asks now. */
    private void ask(Read what, BiConsumer<Asking, Aggregates> then, UniEmitter<? super Aggregates> emitter) {
        Asking asking;
        boolean isNew;
        synchronized (this) {
            var there = underWay.get(what);
            isNew = there == null || there.doubtful < Long.MAX_VALUE || !site.holds(there.asOf);
            asking = isNew ? new Asking(site.now()) : there;
            asking.askers++;
            underWay.put(what, asking);
        }
        emitter.onTermination(() -> left(what, asking));
        asking.answer.whenComplete((rows, failure) -> {
            if (failure == null) {
                emitter.complete(rows);
            } else {
                emitter.fail(failure);
            }
        });
        if (isNew) {
            begin(what, asking, then);
        }
    }

    private void begin(Read what, Asking asking, BiConsumer<Asking, Aggregates> then) {
        var upstream = readings.aggregate(series, what.range, what.width, what.limit)
                .subscribe()
                .with(
                        rows -> {
                            then.accept(asking, rows);
                            ended(what, asking);
                            asking.answer.complete(rows);
                        },
                        failure -> {
                            ended(what, asking);
                            asking.answer.completeExceptionally(failure);
                        });
        synchronized (this) {
            asking.upstream = upstream;
            if (asking.askers == 0) {
                upstream.cancel();
            }
        }
    }

    private synchronized void ended(Read what, Asking asking) {
        underWay.remove(what, asking);
    }

    private synchronized void left(Read what, Asking asking) {
        asking.askers--;
        if (asking.askers == 0) {
            underWay.remove(what, asking);
            if (asking.upstream != null) {
                asking.upstream.cancel();
            }
        }
    }

    private synchronized void keep(Asking asking, long width, long from, long end, Aggregates rows) {
        long certain = Math.min(end, Math.floorDiv(asking.doubtful, width));
        if (certain > from) {
            var fresh = new Stretch(from, certain, rows.between(from, certain), asking.asOf, asking.born);
            stretches.merge(width, fresh, this::joined);
        }
    }

    /** What was read last goes over what was there. */
    private Stretch joined(Stretch there, Stretch fresh) {
        if (!holds(there) || there.from > fresh.from || there.end < fresh.from) {
            return fresh;
        }
        long from = Math.max(there.from, fresh.end - RecentWindows.MAX_WINDOWS);
        var rows = there.rows.between(from, fresh.from).then(fresh.rows);
        return new Stretch(from, fresh.end, rows, Math.min(there.asOf, fresh.asOf), Math.min(there.born, fresh.born));
    }

    /** Since that time readings have become durable that may be missing in what is remembered, or being read. */
    synchronized void stored(long since) {
        stretches.replaceAll((width, stretch) -> stretch.before(Math.floorDiv(since, width)));
        stretches.values().removeIf(stretch -> stretch.end <= stretch.from);
        underWay.forEach((what, asking) -> {
            if (since < what.range.to()) {
                asking.doubtful = Math.min(asking.doubtful, since);
            }
        });
    }
}
