package io.pulseplane.store.edge;

import io.pulseplane.store.Aggregates;
import io.pulseplane.store.chunk.ChunkReader;
import io.pulseplane.store.edge.ChunkRows.Header;
import io.pulseplane.store.edge.ChunkRows.Payload;
import io.pulseplane.vitals.Order;
import io.pulseplane.vitals.TimeRange;
import java.sql.SQLException;

/**
 * Adds up chunks and the readings that are in none yet, in order of time. A chunk that lies in one window, and has nothing
 * loose in it, is added by its summary; of all others, what lies in the range is decoded.
 */
final class Adding implements ChunkRows.Visitor {

    /** Readings decoded at once: what they take stays near, and no more are decoded than there are windows wanted. */
    private static final int PART = 8 * 1024;

    private final TimeRange range;
    private final long width;
    private final int limit;
    private final Gathering loose;
    private final Aggregates.Builder into;

    private int nextLoose;
    private boolean isEnough;
    private long[] times = new long[0];
    private double[] values = new double[0];

    /** @param loose sorted */
    Adding(TimeRange range, long width, int limit, Gathering loose, Aggregates.Builder into) {
        this.range = range;
        this.width = width;
        this.limit = limit;
        this.loose = loose;
        this.into = into;
    }

    @Override
    public boolean visit(Header header, Payload payload) throws SQLException {
        addLooseBefore(header.first());
        if (nextLoose < loose.size() && loose.times()[nextLoose] <= header.last()) {
            addMixed(header, payload.open());
        } else {
            add(header, payload.open());
        }
        isEnough = into.size() > limit;
        return !isEnough;
    }

    private void addLooseBefore(long time) {
        int end = looseBefore(time);
        into.add(loose.times(), loose.values(), nextLoose, end);
        nextLoose = end;
    }

    private int looseBefore(long time) {
        int end = nextLoose;
        while (end < loose.size() && loose.times()[end] < time) {
            end++;
        }
        return end;
    }

    private void addMixed(Header header, ChunkReader reader) {
        var both = new Gathering();
        both.add(reader, range, Order.OLDEST_FIRST, Integer.MAX_VALUE);
        int end = looseBefore(header.last() + 1);
        both.add(loose.times(), loose.values(), nextLoose, end);
        nextLoose = end;
        both.sorted();
        into.add(both.times(), both.values(), 0, both.size());
    }

    private void add(Header header, ChunkReader reader) {
        boolean isWhole = header.first() >= range.from() && header.last() < range.to();
        long index = Math.floorDiv(header.first(), width);
        if (isWhole && index == Math.floorDiv(header.last(), width)) {
            var summary = reader.summary();
            if (summary.isPresent()) {
                var s = summary.get();
                into.add(
                        index,
                        s.count(),
                        s.sum(),
                        s.mean(),
                        s.spread(),
                        s.min(),
                        s.max(),
                        header.first(),
                        s.first(),
                        header.last(),
                        s.last());
                return;
            }
        }
        int from = reader.indexOf(range.from());
        int to = range.to() > header.last() ? reader.count() : reader.indexOf(range.to());
        for (int part = from; part < to && into.size() <= limit; part += PART) {
            addPart(reader, part, Math.min(part + PART, to));
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
        if (!isEnough) {
            into.add(loose.times(), loose.values(), nextLoose, loose.size());
        }
    }

    /** The part of the range that was added up. */
    TimeRange added() {
        if (into.size() <= limit) {
            return range;
        }
        return new TimeRange(range.from(), into.lastTime(limit - 1) + 1);
    }
}
