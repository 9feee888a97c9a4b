package io.pulseplane.store.edge.journal;

import io.pulseplane.store.WindowAggregates;
import io.pulseplane.store.WindowGrid;
import io.pulseplane.store.edge.tables.ChunkTable;
import io.pulseplane.store.edge.tables.ChunkTable.Header;
import io.pulseplane.store.edge.tables.ChunkTable.Payload;
import io.pulseplane.vitals.Order;
import io.pulseplane.vitals.TimeRange;
import io.pulseplane.vitals.chunk.ChunkReader;
import java.sql.SQLException;

/**
 * Aggregates chunks, and readings that are in no chunk yet, in order of time. A chunk that lies in one window, and that
 * no uncompacted reading falls into, is added by its summary, if all of its readings count. Of all other chunks, the
 * readings in the range are decoded.
 */
final class ChunkAggregator implements ChunkTable.Visitor {

    /**
     * Readings decoded at once: few enough for the processor's cache, and for little waste when the limit is reached.
     */
    private static final int READINGS_PER_PART = 8 * 1024;

    private final TimeRange range;
    private final WindowGrid grid;
    private final int limit;
    private final MergeBuffer uncompacted;
    private final WindowAggregates.Builder windows;

    private int nextUncompacted;
    private boolean limitReached;
    private long[] times = new long[0];
    private double[] values = new double[0];

    /** @param uncompacted readings that are in no chunk yet, merged */
    ChunkAggregator(
            TimeRange range, WindowGrid grid, int limit, MergeBuffer uncompacted, WindowAggregates.Builder windows) {
        this.range = range;
        this.grid = grid;
        this.limit = limit;
        this.uncompacted = uncompacted;
        this.windows = windows;
    }

    @Override
    public boolean visit(Header header, Payload payload) throws SQLException {
        addUncompactedBefore(header.firstTime());
        if (nextUncompacted < uncompacted.size() && uncompacted.times()[nextUncompacted] <= header.lastTime()) {
            addMerged(header, payload.open());
        } else {
            addChunk(header, payload.open());
        }
        limitReached = windows.size() > limit;
        return !limitReached;
    }

    private void addUncompactedBefore(long time) {
        int end = uncompactedIndexAt(time);
        windows.add(uncompacted.times(), uncompacted.values(), nextUncompacted, end);
        nextUncompacted = end;
    }

    private int uncompactedIndexAt(long time) {
        int end = nextUncompacted;
        while (end < uncompacted.size() && uncompacted.times()[end] < time) {
            end++;
        }
        return end;
    }

    private void addMerged(Header header, ChunkReader reader) {
        var merged = new MergeBuffer();
        merged.add(reader, range, Order.OLDEST_FIRST, Integer.MAX_VALUE);
        int end = uncompactedIndexAt(header.lastTime() + 1);
        merged.add(uncompacted.times(), uncompacted.values(), nextUncompacted, end);
        nextUncompacted = end;
        merged.merge();
        windows.add(merged.times(), merged.values(), 0, merged.size());
    }

    private void addChunk(Header header, ChunkReader reader) {
        boolean isInRange = header.firstTime() >= range.from() && header.lastTime() < range.to();
        long index = grid.indexOf(header.firstTime());
        if (isInRange && header.lastTime() <= grid.lastOf(index)) {
            var summary = reader.summary();
            if (summary.isPresent()
                    && windows.countsAll(summary.get().min(), summary.get().max())) {
                var s = summary.get();
                windows.add(
                        index,
                        s.count(),
                        s.sum(),
                        s.mean(),
                        s.sumOfSquaredDeviations(),
                        s.min(),
                        s.max(),
                        header.firstTime(),
                        s.first(),
                        header.lastTime(),
                        s.last());
                return;
            }
        }
        int from = reader.lowerBound(range.from());
        int to = range.to() > header.lastTime() ? reader.count() : reader.lowerBound(range.to());
        for (int part = from; part < to && windows.size() <= limit; part += READINGS_PER_PART) {
            addPart(reader, part, Math.min(part + READINGS_PER_PART, to));
        }
    }

    private void addPart(ChunkReader reader, int from, int to) {
        if (times.length < to - from) {
            times = new long[to - from];
            values = new double[to - from];
        }
        reader.times(from, to, times, 0);
        reader.values(from, to, values, 0);
        windows.add(times, values, 0, to - from);
    }

    /** Adds the uncompacted readings after all chunks. */
    void finish() {
        if (!limitReached) {
            windows.add(uncompacted.times(), uncompacted.values(), nextUncompacted, uncompacted.size());
        }
    }

    /** The part of the range that the windows up to the limit cover. */
    TimeRange aggregatedRange() {
        if (windows.size() <= limit) {
            return range;
        }
        return new TimeRange(range.from(), windows.lastTime(limit - 1) + 1);
    }
}
