package io.pulseplane.store.edge.maintenance;

import io.pulseplane.store.edge.journal.MergeBuffer;
import io.pulseplane.store.edge.keys.AssociatedData;
import io.pulseplane.store.edge.sqlite.SqliteSession;
import io.pulseplane.store.edge.tables.ChunkTable;
import io.pulseplane.store.edge.tables.QuarantineTable;
import io.pulseplane.vitals.Order;
import io.pulseplane.vitals.PlaneException;
import io.pulseplane.vitals.TimeRange;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javax.crypto.SecretKey;

/**
 * Plans how new readings of a series get into chunks: which chunks to write, and which to replace.
 *
 * <p>Readings after the end of a chunk go into a new chunk, which also replaces the chunks before it that are not much
 * larger. So a reading is rewritten only when its chunk grows by a quarter or more, about five times in all. A late
 * reading goes into the chunk that spans its time.
 */
final class CompactionPlanner {

    /** A chunk is merged with the readings after it if it has at most this many times as many. */
    private static final int MERGE_RATIO = 4;

    private final SqliteSession session;
    private final long series;
    private final SecretKey key;

    private final List<Long> replaced = new ArrayList<>();
    private final List<Long> quarantined = new ArrayList<>();
    private final List<ChunkTable.NewChunk> newChunks = new ArrayList<>();

    /**
     * Changes to the chunks of a series, all for one transaction.
     *
     * @param replaced numbers of chunks to delete
     * @param quarantined numbers of chunks that cannot be opened, to move to the quarantine
     */
    record Plan(long series, List<Long> replaced, List<Long> quarantined, List<ChunkTable.NewChunk> newChunks) {

        long bytes() {
            long bytes = 0;
            for (var chunk : newChunks) {
                bytes += chunk.payload().length;
            }
            return bytes;
        }

        /** Removes chunks. The caller inserts the new ones in the same transaction. */
        void removeReplaced(SqliteSession session) throws SQLException {
            for (long number : replaced) {
                ChunkTable.delete(session, number);
            }
            for (long number : quarantined) {
                QuarantineTable.quarantine(session, number);
            }
        }
    }

    private CompactionPlanner(SqliteSession session, long series, SecretKey key) {
        this.session = session;
        this.series = series;
        this.key = key;
    }

    /** @param readings merged, at least one */
    static Plan plan(SqliteSession session, long series, SecretKey key, MergeBuffer readings) throws SQLException {
        var planner = new CompactionPlanner(session, series, key);
        int from = 0;
        while (from < readings.size()) {
            long time = readings.times()[from];
            var chunk = ChunkTable.lastStartingAtOrBefore(session, series, time);
            var next = ChunkTable.firstStartingAfter(session, series, time);
            int to = next.isEmpty()
                    ? readings.size()
                    : indexOf(readings, from, next.get().firstTime());
            planner.placeRun(readings, from, to, chunk);
            from = to;
        }
        return new Plan(series, planner.replaced, planner.quarantined, planner.newChunks);
    }

    /** The index of the first reading, from {@code from} on, that is not before a time. */
    private static int indexOf(MergeBuffer readings, int from, long time) {
        int index = from;
        while (index < readings.size() && readings.times()[index] < time) {
            index++;
        }
        return index;
    }

    /**
     * Plans the readings from index {@code from} to {@code to}, exclusive.
     *
     * @param chunk the last chunk that does not begin after them; all of them are before the next chunk
     */
    private void placeRun(MergeBuffer readings, int from, int to, Optional<ChunkTable.Header> chunk)
            throws SQLException {
        var run = new MergeBuffer();
        run.add(readings.times(), readings.values(), from, to);
        boolean isAfterChunk = chunk.isEmpty() || chunk.get().lastTime() < readings.times()[from];
        if (!isAfterChunk) {
            absorb(chunk.get(), run);
        } else {
            var previous = chunk;
            while (previous.isPresent() && isWorthMerging(previous.get(), run.size(), readings.times()[to - 1])) {
                absorb(previous.get(), run);
                previous = ChunkTable.lastStartingBefore(
                        session, series, previous.get().firstTime());
            }
        }
        encode(run.merge());
    }

    private boolean isWorthMerging(ChunkTable.Header chunk, int readings, long lastTime) {
        // New chunks of this plan are not on disk yet. A later one must not begin before the end of one of them.
        return (newChunks.isEmpty() || chunk.firstTime() > newChunks.getLast().lastTime())
                && chunk.count() <= (long) MERGE_RATIO * readings
                && chunk.count() + readings <= ChunkTable.MAX_READINGS
                && lastTime - chunk.firstTime() <= ChunkTable.MAX_SPAN_MICROS;
    }

    /** Adds the readings of a chunk to a run that replaces it. A chunk that cannot be opened goes to the quarantine. */
    private void absorb(ChunkTable.Header chunk, MergeBuffer run) throws SQLException {
        try {
            run.add(ChunkTable.open(session, key, chunk), TimeRange.ALL, Order.OLDEST_FIRST, Integer.MAX_VALUE);
            replaced.add(chunk.number());
        } catch (PlaneException.DataLoss _) {
            quarantined.add(chunk.number());
        }
    }

    /**
     * Encodes a run as chunks within the bounds of readings and of time. Readings that are too many for one chunk are
     * spread evenly over several.
     */
    private void encode(MergeBuffer run) {
        int chunks = (run.size() + ChunkTable.MAX_READINGS - 1) / ChunkTable.MAX_READINGS;
        int maxReadings = (run.size() + chunks - 1) / chunks;
        var times = run.times();
        for (int from = 0; from < run.size(); ) {
            int to = Math.min(from + maxReadings, run.size());
            while (times[to - 1] - times[from] > ChunkTable.MAX_SPAN_MICROS) {
                to = firstAfter(times, from, to, times[from] + ChunkTable.MAX_SPAN_MICROS);
            }
            encode(times, run.values(), from, to);
            from = to;
        }
    }

    /** The index of the first time that is after a given one. */
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
        var codecs = session.codecs();
        var plain = codecs.chunkEncoder.encode(times, values, from, to);
        long firstTime = times[from];
        long lastTime = times[to - 1];
        var associatedData = AssociatedData.ofChunk(series, firstTime, lastTime, to - from);
        var payload = codecs.aesGcm.seal(key, associatedData, plain, 0, plain.length);
        newChunks.add(new ChunkTable.NewChunk(series, firstTime, lastTime, to - from, payload));
    }
}
