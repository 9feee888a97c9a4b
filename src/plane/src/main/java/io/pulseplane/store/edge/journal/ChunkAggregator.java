package io.pulseplane.store.edge.journal;

import io.pulseplane.store.WindowAggregates;
import io.pulseplane.store.edge.tables.ChunkTable;
import io.pulseplane.store.edge.tables.ChunkTable.Header;
import io.pulseplane.store.edge.tables.ChunkTable.Payload;
import io.pulseplane.vitals.Order;
import io.pulseplane.vitals.TimeRange;
import io.pulseplane.vitals.chunk.ChunkReader;
import java.sql.SQLException;

/**
 * Adds up chunks and the readings that are in none yet, in order of time. A chunk that lies in one window, and has nothing
 * loose in it, is added by its summary; of all others, what lies in the range is decoded.
 */
final class ChunkAggregator implements ChunkTable.Visitor {

    /** Readings decoded at once: what they take stays near, and no more are decoded than there are windows wanted. */
    private static final int READINGS_PER_PART = 8 * 1024;

    private final TimeRange range;
    private final long width;
    private final int limit;
    private final MergeBuffer uncompacted;
    private final WindowAggregates.Builder into;

    private int nextUncompacted;
    private boolean limitReached;
    private long[] times = new long[0];
    private double[] values = new double[0];

    /** @param loose sorted */
    ChunkAggregator(TimeRange range, long width, int limit, MergeBuffer loose, WindowAggregates.Builder into) {
        this.range = range;
        this.width = width;
        this.limit = limit;
        this.uncompacted = loose;
        this.into = into;
    }

    @Override
    public boolean visit(Header header, Payload payload) throws SQLException {
        addUncompactedBefore(header.firstTime());
        if (nextUncompacted < uncompacted.size() && uncompacted.times()[nextUncompacted] <= header.lastTime()) {
            addMerged(header, payload.open());
        } else {
            addChunk(header, payload.open());
        }
        limitReached = into.size() > limit;
        return !limitReached;
    }

    private void addUncompactedBefore(long time) {
        int end = uncompactedIndexAt(time);
        into.add(uncompacted.times(), uncompacted.values(), nextUncompacted, end);
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
        var both = new MergeBuffer();
        both.add(reader, range, Order.OLDEST_FIRST, Integer.MAX_VALUE);
        int end = uncompactedIndexAt(header.lastTime() + 1);
        both.add(uncompacted.times(), uncompacted.values(), nextUncompacted, end);
        nextUncompacted = end;
        both.merge();
        into.add(both.times(), both.values(), 0, both.size());
    }

    private void addChunk(Header header, ChunkReader reader) {
        boolean isWhole = header.firstTime() >= range.from() && header.lastTime() < range.to();
        long index = Math.floorDiv(header.firstTime(), width);
        if (isWhole && index == Math.floorDiv(header.lastTime(), width)) {
            var summary = reader.summary();
            if (summary.isPresent()) {
                var s = summary.get();
                into.add(
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
        for (int part = from; part < to && into.size() <= limit; part += READINGS_PER_PART) {
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
        into.add(times, values, 0, to - from);
    }

    /** Adds what is loose after all chunks. */
    void finish() {
        if (!limitReached) {
            into.add(uncompacted.times(), uncompacted.values(), nextUncompacted, uncompacted.size());
        }
    }

    /** The part of the range that was added up. */
    TimeRange aggregatedRange() {
        if (into.size() <= limit) {
            return range;
        }
        return new TimeRange(range.from(), into.lastTime(limit - 1) + 1);
    }
}
