package io.pulseplane.store.edge.maintenance;

import io.pulseplane.store.edge.journal.MergeBuffer;
import io.pulseplane.store.edge.keys.AssociatedData;
import io.pulseplane.store.edge.sqlite.SqliteSession;
import io.pulseplane.store.edge.tables.ChunkTable;
import io.pulseplane.vitals.Order;
import io.pulseplane.vitals.PlaneException;
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
final class CompactionPlanner {

    /** A chunk is joined by one after it that is at least a fourth of it. */
    private static final int MERGE_RATIO = 4;

    private final SqliteSession session;
    private final long series;
    private final SecretKey key;

    private final List<Long> replaced = new ArrayList<>();
    private final List<Long> quarantined = new ArrayList<>();
    private final List<ChunkTable.NewChunk> newChunks = new ArrayList<>();

    /**
     * What to do, in one transaction.
     *
     * @param replaced numbers of chunks to delete
     * @param quarantined numbers of chunks to put aside
     */
    record Plan(long series, List<Long> replaced, List<Long> quarantined, List<ChunkTable.NewChunk> newChunks) {

        long bytes() {
            long bytes = 0;
            for (var chunk : newChunks) {
                bytes += chunk.payload().length;
            }
            return bytes;
        }

        /** Takes out what is replaced; what is fresh is to be inserted in the same transaction. */
        void removeReplaced(SqliteSession session) throws SQLException {
            for (long number : replaced) {
                ChunkTable.delete(session, number);
            }
            for (long number : quarantined) {
                ChunkTable.quarantine(session, number);
            }
        }
    }

    private CompactionPlanner(SqliteSession session, long series, SecretKey key) {
        this.session = session;
        this.series = series;
        this.key = key;
    }

    /** @param more sorted, at least one reading */
    static Plan plan(SqliteSession session, long series, SecretKey key, MergeBuffer more) throws SQLException {
        var placement = new CompactionPlanner(session, series, key);
        int from = 0;
        while (from < more.size()) {
            long time = more.times()[from];
            var at = ChunkTable.lastStartingAtOrBefore(session, series, time);
            var next = ChunkTable.firstStartingAfter(session, series, time);
            int to = next.isEmpty()
                    ? more.size()
                    : indexOf(more, from, next.get().firstTime());
            placement.placeRun(more, from, to, at);
            from = to;
        }
        return new Plan(series, placement.replaced, placement.quarantined, placement.newChunks);
    }

    private static int indexOf(MergeBuffer sorted, int from, long time) {
        int to = from;
        while (to < sorted.size() && sorted.times()[to] < time) {
            to++;
        }
        return to;
    }

    /** Readings that lie at or after a chunk, and before the one after it. */
    private void placeRun(MergeBuffer more, int from, int to, Optional<ChunkTable.Header> at) throws SQLException {
        var run = new MergeBuffer();
        run.add(more.times(), more.values(), from, to);
        boolean follows = at.isEmpty() || at.get().lastTime() < more.times()[from];
        if (!follows) {
            absorb(at.get(), run);
        } else {
            var before = at;
            while (before.isPresent() && isWorthMerging(before.get(), run.size(), more.times()[to - 1])) {
                absorb(before.get(), run);
                before = ChunkTable.lastStartingBefore(
                        session, series, before.get().firstTime());
            }
        }
        encode(run.merge());
    }

    private boolean isWorthMerging(ChunkTable.Header chunk, int readings, long last) {
        // What was placed just now is not on disk yet, and must not be reached over.
        return (newChunks.isEmpty() || chunk.firstTime() > newChunks.getLast().lastTime())
                && chunk.count() <= (long) MERGE_RATIO * readings
                && chunk.count() + readings <= ChunkTable.MAX_READINGS
                && last - chunk.firstTime() <= ChunkTable.MAX_SPAN_MICROS;
    }

    private void absorb(ChunkTable.Header chunk, MergeBuffer into) throws SQLException {
        try {
            into.add(ChunkTable.open(session, key, chunk), TimeRange.ALL, Order.OLDEST_FIRST, Integer.MAX_VALUE);
            replaced.add(chunk.number());
        } catch (PlaneException.DataLoss _) {
            quarantined.add(chunk.number());
        }
    }

    /** Cuts where a chunk has enough readings, or reaches over enough time; readings too many for one go evenly into several. */
    private void encode(MergeBuffer run) {
        int chunks = (run.size() + ChunkTable.MAX_READINGS - 1) / ChunkTable.MAX_READINGS;
        int most = (run.size() + chunks - 1) / chunks;
        var times = run.times();
        for (int from = 0; from < run.size(); ) {
            int to = Math.min(from + most, run.size());
            while (times[to - 1] - times[from] > ChunkTable.MAX_SPAN_MICROS) {
                to = firstAfter(times, from, to, times[from] + ChunkTable.MAX_SPAN_MICROS);
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
        var bench = session.codecs();
        var plain = bench.chunkEncoder.encode(times, values, from, to);
        long first = times[from];
        long last = times[to - 1];
        var place = AssociatedData.ofChunk(series, first, last, to - from);
        newChunks.add(new ChunkTable.NewChunk(
                series, first, last, to - from, bench.aesGcm.seal(key, place, plain, 0, plain.length)));
    }
}
