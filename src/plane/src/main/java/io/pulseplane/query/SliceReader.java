package io.pulseplane.query;

import io.pulseplane.store.ReadingStore;
import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.Order;
import io.pulseplane.vitals.Series;
import io.pulseplane.vitals.TimeRange;
import io.smallrye.mutiny.Multi;
import io.smallrye.mutiny.Uni;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * Reads several series side by side, as slices of time. The columns of a slice are as long as they come from the store;
 * nothing is taken apart but at the ends of a slice.
 *
 * <p>What has run out is read on while the caller still has to do with what it got, so that neither waits for the other
 * where both have work. Nothing is read before the first slice is asked for, and nothing goes on after the caller has left.
 *
 * <p>Holds at most {@value #MAX_READINGS_HELD} readings, or {@value #MIN_PAGE_SIZE} per series where there are very many: a page is
 * read ahead only where the one before has been handed on.
 */
final class SliceReader {

    private static final int MAX_READINGS_HELD = 64 * 1024;
    private static final int MIN_PAGE_SIZE = 64;
    private static final int MAX_PAGE_SIZE = 16 * 1024;

    private final ReadingStore store;
    private final Order order;
    private final List<ReadingCursor> cursors;
    private final int pageSize;
    private long remaining;
    private volatile boolean stopped;

    /**
     * @param series ordered, without duplicates
     * @param after where to begin; at the start of the range when empty
     * @param limit how many readings at most, 1 or more
     */
    SliceReader(
            ReadingStore store,
            List<Series> series,
            TimeRange range,
            Order order,
            Optional<ResumePosition> after,
            long limit) {
        this.store = store;
        this.order = order;
        this.remaining = limit;
        this.cursors = series.stream()
                .map(s -> new ReadingCursor(
                        s, after.map(p -> p.remainingRange(range, order, s)).orElse(range)))
                .toList();
        int share = Math.clamp(MAX_READINGS_HELD / Math.max(1, series.size()), MIN_PAGE_SIZE, MAX_PAGE_SIZE);
        this.pageSize = (int) Math.min(share, limit);
    }

    /**
     * The slices, the first read when it is asked for, each other when the one before is handed on. None is empty, but for the
     * only one where there is nothing to read.
     */
    Multi<Slice> slices() {
        return Multi.createBy()
                .repeating()
                .uni(() -> this, SliceReader::next)
                .whilst(slice -> slice.next().isPresent() && remaining > 0)
                .onTermination()
                .invoke(this::stop);
    }

    private Uni<Slice> next() {
        var empty = cursors.stream()
                .filter(ReadingCursor::needsMore)
                .map(this::fill)
                .toList();
        return empty.isEmpty()
                ? Uni.createFrom().item(this::nextSlice)
                : Uni.join().all(empty).andFailFast().map(_ -> nextSlice());
    }

    private Uni<Void> fill(ReadingCursor lane) {
        if (lane.prefetched == null) {
            prefetch(lane);
        }
        return Uni.createFrom()
                .completionStage(lane.prefetched)
                .invoke(columns -> lane.load(columns, pageSize, order))
                .replaceWithVoid();
    }

    private void prefetch(ReadingCursor lane) {
        // One more than is taken, to know whether there is more.
        lane.prefetched = store.read(lane.series, lane.remainingRange, order, pageSize + 1)
                .subscribeAsCompletionStage();
        if (stopped) {
            stop();
        }
    }

    private void stop() {
        stopped = true;
        for (var lane : cursors) {
            var ahead = lane.prefetched;
            if (ahead != null) {
                ahead.cancel(false);
            }
        }
    }

    private Slice nextSlice() {
        var slice = cutSlice();
        if (remaining > 0) {
            cursors.stream().filter(ReadingCursor::needsMore).forEach(this::prefetch);
        }
        return slice;
    }

    /** Takes what is known to be complete: up to where the lane that has come least far has come. */
    private Slice cutSlice() {
        long reach = order == Order.OLDEST_FIRST ? Long.MAX_VALUE : Long.MIN_VALUE;
        for (var lane : cursors) {
            if (!lane.exhausted && order.compare(lane.lastTime(), reach) < 0) {
                reach = lane.lastTime();
            }
        }
        var counts = new int[cursors.size()];
        long total = 0;
        for (int i = 0; i < counts.length; i++) {
            counts[i] = cursors.get(i).countUpTo(reach, order);
            total += counts[i];
        }
        if (total > remaining) {
            return cutAtLimit(counts, (int) total);
        }
        remaining -= total;
        var columns = take(counts);
        boolean done = cursors.stream().allMatch(ReadingCursor::isDone);
        return new Slice(
                columns, reach, done ? Optional.empty() : Optional.of(new ResumePosition(reach, Optional.empty())));
    }

    private Slice cutAtLimit(int[] counts, int total) {
        long last = timeOfLastWithinLimit(counts, total);
        Series lastSeries = null;
        long left = remaining;
        for (int i = 0; i < counts.length; i++) {
            counts[i] = cursors.get(i).countBefore(last, order);
            left -= counts[i];
        }
        for (int i = 0; i < counts.length && left > 0; i++) {
            if (cursors.get(i).hasReadingAt(counts[i], last)) {
                counts[i]++;
                left--;
                lastSeries = cursors.get(i).series;
            }
        }
        remaining = 0;
        return new Slice(take(counts), last, Optional.of(new ResumePosition(last, Optional.ofNullable(lastSeries))));
    }

    /** The time of the last reading that still fits, if readings are taken in order of time. */
    private long timeOfLastWithinLimit(int[] counts, int total) {
        var times = new long[total];
        int size = 0;
        for (int i = 0; i < counts.length; i++) {
            var lane = cursors.get(i);
            System.arraycopy(lane.buffer.times(), lane.offset, times, size, counts[i]);
            size += counts[i];
        }
        Arrays.sort(times);
        return times[(int) (order == Order.OLDEST_FIRST ? remaining - 1 : total - remaining)];
    }

    private List<Columns> take(int[] counts) {
        var columns = new ArrayList<Columns>(counts.length);
        for (int i = 0; i < counts.length; i++) {
            if (counts[i] > 0) {
                columns.add(cursors.get(i).takeFirst(counts[i]));
            }
        }
        return columns;
    }

    /** One series: what is held of it, and what of its range is still to be read. */
    private static final class ReadingCursor {

        private final Series series;
        private TimeRange remainingRange;
        private Columns buffer;

        /** What of it is still to be handed on; one that was read to know whether there is more is not. */
        private int offset;

        private int end;
        private boolean exhausted;

        /** What was read on; null where that has been taken, or nothing was read yet. */
        private volatile CompletableFuture<Columns> prefetched;

        ReadingCursor(Series series, TimeRange range) {
            this.series = series;
            this.remainingRange = range;
            this.buffer = new Columns(series, new long[0], new double[0]);
            this.exhausted = range.isEmpty();
        }

        boolean needsMore() {
            return offset == end && !exhausted;
        }

        boolean isDone() {
            return offset == end && exhausted;
        }

        void load(Columns columns, int page, Order order) {
            prefetched = null;
            exhausted = columns.size() <= page;
            buffer = columns;
            offset = 0;
            end = exhausted ? columns.size() : page;
            if (!exhausted) {
                long last = lastTime();
                remainingRange = order == Order.OLDEST_FIRST
                        ? new TimeRange(last + 1, remainingRange.to())
                        : new TimeRange(remainingRange.from(), last);
            }
        }

        /** Of the last reading that is held. */
        long lastTime() {
            return buffer.times()[end - 1];
        }

        int countUpTo(long time, Order order) {
            int i = offset;
            if (end > offset && order.compare(lastTime(), time) <= 0) {
                return end - offset;
            }
            while (i < end && order.compare(buffer.times()[i], time) <= 0) {
                i++;
            }
            return i - offset;
        }

        int countBefore(long time, Order order) {
            int i = offset;
            while (i < end && order.compare(buffer.times()[i], time) < 0) {
                i++;
            }
            return i - offset;
        }

        boolean hasReadingAt(int count, long time) {
            return offset + count < end && buffer.times()[offset + count] == time;
        }

        Columns takeFirst(int count) {
            var removed = buffer.slice(offset, offset + count);
            offset += count;
            return removed;
        }
    }
}
