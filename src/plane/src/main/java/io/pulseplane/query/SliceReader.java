package io.pulseplane.query;

import io.pulseplane.query.SeriesResolver.ServedSeries;
import io.pulseplane.store.ReadCaller;
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
 * Reads several series in parallel, as slices of time. The columns of a slice are those of the store; the reader cuts
 * them only at the ends of a slice.
 *
 * <p>The reader prefetches the next page of a series while the caller handles a slice, so that the store and the caller
 * work at the same time. It reads nothing before the first slice is requested, and cancels its reads when the caller
 * cancels.
 *
 * <p>It holds about {@value #MAX_READINGS_HELD} readings, or {@value #MIN_PAGE_SIZE} for each series if there are very
 * many: it prefetches a page only when all readings of the page before have been handed on.
 */
final class SliceReader {

    private static final int MAX_READINGS_HELD = 64 * 1024;
    private static final int MIN_PAGE_SIZE = 64;
    private static final int MAX_PAGE_SIZE = 16 * 1024;

    private static final int READING_BYTES = Long.BYTES + Double.BYTES;

    private final ReadingStore store;
    private final AnswerBudget.Account account;
    private final Order order;
    private final List<ReadingCursor> cursors;
    private final int pageSize;
    private long remaining;
    private volatile boolean stopped;

    /**
     * @param series ordered, without duplicates, each with the range to read
     * @param resumePosition where to continue; empty to start with the range
     * @param limit maximum number of readings, 1 or more
     * @param account holds the pages in memory
     */
    SliceReader(
            ReadingStore store,
            List<ServedSeries> series,
            Order order,
            Optional<ResumePosition> resumePosition,
            long limit,
            AnswerBudget.Account account) {
        this.store = store;
        this.account = account;
        this.order = order;
        this.remaining = limit;
        this.cursors = series.stream()
                .map(member -> new ReadingCursor(
                        member.series(),
                        resumePosition
                                .map(position -> position.remainingRange(member.range(), order, member.series()))
                                .orElse(member.range())))
                .toList();
        int share = Math.clamp(MAX_READINGS_HELD / Math.max(1, series.size()), MIN_PAGE_SIZE, MAX_PAGE_SIZE);
        this.pageSize = (int) Math.min(share, limit);
    }

    /**
     * Returns the slices. The reader reads the first when it is requested, and each further one when the slice before
     * is handed on. No slice is empty, except the single slice of a query without readings.
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
        var fills = cursors.stream()
                .filter(ReadingCursor::needsMore)
                .map(this::fill)
                .toList();
        return fills.isEmpty()
                ? Uni.createFrom().item(this::nextSlice)
                : Uni.join().all(fills).andFailFast().map(_ -> nextSlice());
    }

    private Uni<Void> fill(ReadingCursor cursor) {
        if (cursor.prefetched == null) {
            prefetch(cursor);
        }
        return Uni.createFrom()
                .completionStage(cursor.prefetched)
                .invoke(columns -> {
                    account.release(bytesOf(cursor.buffer));
                    cursor.load(columns, pageSize, order);
                })
                .replaceWithVoid();
    }

    private void prefetch(ReadingCursor cursor) {
        // Read one reading more than a page, to know whether the range has more.
        cursor.prefetched = ReadCaller.call(
                account.subject(),
                () -> store.read(cursor.series, cursor.remainingRange, order, pageSize + 1)
                        .invoke(columns -> account.hold(bytesOf(columns)))
                        .subscribeAsCompletionStage());
        if (stopped) {
            stop();
        }
    }

    private static long bytesOf(Columns columns) {
        return (long) READING_BYTES * columns.size();
    }

    private void stop() {
        stopped = true;
        for (var cursor : cursors) {
            var prefetched = cursor.prefetched;
            if (prefetched != null) {
                prefetched.cancel(false);
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

    /**
     * Cuts a slice up to the watermark: the last time of the series that is least far. All series are complete up to
     * there.
     */
    private Slice cutSlice() {
        long watermark = order == Order.OLDEST_FIRST ? Long.MAX_VALUE : Long.MIN_VALUE;
        for (var cursor : cursors) {
            if (!cursor.exhausted && order.compare(cursor.lastTime(), watermark) < 0) {
                watermark = cursor.lastTime();
            }
        }
        var counts = new int[cursors.size()];
        long total = 0;
        for (int i = 0; i < counts.length; i++) {
            counts[i] = cursors.get(i).countUpTo(watermark, order);
            total += counts[i];
        }
        if (total > remaining) {
            return cutAtLimit(counts, (int) total);
        }
        remaining -= total;
        var columns = take(counts);
        boolean done = cursors.stream().allMatch(ReadingCursor::isDone);
        return new Slice(
                columns,
                watermark,
                done ? Optional.empty() : Optional.of(new ResumePosition(watermark, Optional.empty())));
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

    /** Returns the time of the last reading within the limit, in order of time. */
    private long timeOfLastWithinLimit(int[] counts, int total) {
        var times = new long[total];
        int size = 0;
        for (int i = 0; i < counts.length; i++) {
            var cursor = cursors.get(i);
            System.arraycopy(cursor.buffer.times(), cursor.offset, times, size, counts[i]);
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

    /** The state of one series: the readings in memory, and the range that remains to be read. */
    private static final class ReadingCursor {

        private final Series series;
        private TimeRange remainingRange;
        private Columns buffer;

        /** The part of the buffer that is not handed on yet. It excludes the additional reading behind a full page. */
        private int offset;

        private int end;
        private boolean exhausted;

        /** The next page; null if it was loaded to the buffer, or not requested yet. */
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

        void load(Columns columns, int pageSize, Order order) {
            prefetched = null;
            exhausted = columns.size() <= pageSize;
            buffer = columns;
            offset = 0;
            end = exhausted ? columns.size() : pageSize;
            if (!exhausted) {
                long last = lastTime();
                remainingRange = order == Order.OLDEST_FIRST
                        ? new TimeRange(last + 1, remainingRange.to())
                        : new TimeRange(remainingRange.from(), last);
            }
        }

        /** Returns the time of the last reading of the buffer. */
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
