package io.pulseplane.store.edge;

import io.pulseplane.vitals.Order;
import io.pulseplane.vitals.Problem;
import io.pulseplane.vitals.TimeRange;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javax.crypto.SecretKey;

/**
 * Finds out which chunks of a series to write, and which to replace, so that it has some more readings.
 *
 * <p>Readings that come after all chunks make a chunk of their own, together with those before it that are not much larger:
 * a reading is written again only when what it lies in has grown by a quarter and more, so some five times in its life.
 * Readings that come late are put into the chunk they lie in.
 */
final class Placement {

    /** A chunk is joined by one after it that is at least a fourth of it. */
    private static final int JOINED = 4;

    private final Session session;
    private final long series;
    private final SecretKey key;

    private final List<Long> replaced = new ArrayList<>();
    private final List<Long> damaged = new ArrayList<>();
    private final List<ChunkRows.Fresh> fresh = new ArrayList<>();

    /**
     * What to do, in one transaction.
     *
     * @param replaced numbers of chunks to delete
     * @param damaged numbers of chunks to put aside
     */
    record Plan(long series, List<Long> replaced, List<Long> damaged, List<ChunkRows.Fresh> fresh) {

        long bytes() {
            long bytes = 0;
            for (var chunk : fresh) {
                bytes += chunk.payload().length;
            }
            return bytes;
        }

        /** Takes out what is replaced; what is fresh is to be inserted in the same transaction. */
        void makeRoom(Session session) throws SQLException {
            for (long number : replaced) {
                ChunkRows.delete(session, number);
            }
            for (long number : damaged) {
                ChunkRows.putAside(session, number);
            }
        }
    }

    private Placement(Session session, long series, SecretKey key) {
        this.session = session;
        this.series = series;
        this.key = key;
    }

    /** @param more sorted, at least one reading */
    static Plan of(Session session, long series, SecretKey key, Gathering more) throws SQLException {
        var placement = new Placement(session, series, key);
        int from = 0;
        while (from < more.size()) {
            long time = more.times()[from];
            var at = ChunkRows.at(session, series, time);
            var next = ChunkRows.after(session, series, time);
            int to = next.isEmpty()
                    ? more.size()
                    : indexOf(more, from, next.get().first());
            placement.place(more, from, to, at);
            from = to;
        }
        return new Plan(series, placement.replaced, placement.damaged, placement.fresh);
    }

    private static int indexOf(Gathering sorted, int from, long time) {
        int to = from;
        while (to < sorted.size() && sorted.times()[to] < time) {
            to++;
        }
        return to;
    }

    /** Readings that lie at or after a chunk, and before the one after it. */
    private void place(Gathering more, int from, int to, Optional<ChunkRows.Header> at) throws SQLException {
        var run = new Gathering();
        run.add(more.times(), more.values(), from, to);
        boolean follows = at.isEmpty() || at.get().last() < more.times()[from];
        if (!follows) {
            take(at.get(), run);
        } else {
            var before = at;
            while (before.isPresent() && isWorthJoining(before.get(), run.size(), more.times()[to - 1])) {
                take(before.get(), run);
                before = ChunkRows.before(session, series, before.get().first());
            }
        }
        encode(run.sorted());
    }

    private boolean isWorthJoining(ChunkRows.Header chunk, int readings, long last) {
        // What was placed just now is not on disk yet, and must not be reached over.
        return (fresh.isEmpty() || chunk.first() > fresh.getLast().last())
                && chunk.count() <= (long) JOINED * readings
                && chunk.count() + readings <= ChunkRows.MAX_READINGS
                && last - chunk.first() <= ChunkRows.MAX_SPAN;
    }

    private void take(ChunkRows.Header chunk, Gathering into) throws SQLException {
        try {
            into.add(ChunkRows.open(session, key, chunk), TimeRange.ALL, Order.OLDEST_FIRST, Integer.MAX_VALUE);
            replaced.add(chunk.number());
        } catch (Problem.Damaged _) {
            damaged.add(chunk.number());
        }
    }

    /** Cuts where a chunk has enough readings, or reaches over enough time; readings too many for one go evenly into several. */
    private void encode(Gathering run) {
        int chunks = (run.size() + ChunkRows.MAX_READINGS - 1) / ChunkRows.MAX_READINGS;
        int most = (run.size() + chunks - 1) / chunks;
        var times = run.times();
        for (int from = 0; from < run.size(); ) {
            int to = Math.min(from + most, run.size());
            while (times[to - 1] - times[from] > ChunkRows.MAX_SPAN) {
                to = firstAfter(times, from, to, times[from] + ChunkRows.MAX_SPAN);
            }
            encode(times, run.values(), from, to);
            from = to;
        }
    }

    private static int firstAfter(long[] times, int from, int to, long time) {
        int low = from + 1;
        int high = to;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (times[middle] <= time) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    private void encode(long[] times, double[] values, int from, int to) {
        var bench = session.bench();
        var plain = bench.encoder.encode(times, values, from, to);
        long first = times[from];
        long last = times[to - 1];
        var place = Place.ofChunk(series, first, last, to - from);
        fresh.add(new ChunkRows.Fresh(
                series, first, last, to - from, bench.sealer.seal(key, place, plain, 0, plain.length)));
    }
}
