package io.pulseplane.query;

import io.pulseplane.coherence.WindowSource;
import io.pulseplane.query.SeriesResolver.ServedSeries;
import io.pulseplane.store.ReadCaller;
import io.pulseplane.store.WindowAggregates;
import io.pulseplane.store.WindowGrid;
import io.pulseplane.vitals.Series;
import io.pulseplane.vitals.TimeRange;
import io.pulseplane.vitals.ValueRange;
import io.smallrye.mutiny.Multi;
import io.smallrye.mutiny.Uni;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * Reads the aggregates of several series in parallel, slice by slice.
 *
 * <p>A slice has at most {@value #MAX_WINDOWS_HELD} windows over all series, or {@value #MIN_PAGE_SIZE} for each series
 * if there are very many.
 */
final class AggregateReader {

    private static final int MAX_WINDOWS_HELD = 64 * 1024;
    private static final int MIN_PAGE_SIZE = 64;
    private static final int MAX_PAGE_SIZE = 16 * 1024;

    /**
     * Windows of some series.
     *
     * @param parts the next windows of each series that was behind
     * @param watermark the index of the last window that is complete for every series
     */
    record AggregateSlice(List<SeriesAggregates> parts, long watermark) {}

    record SeriesAggregates(Series series, WindowAggregates aggregates) {}

    private final AnswerBudget.Account account;
    private final WindowSource source;
    private final WindowGrid grid;
    private final int pageSize;

    /** Of the slice that was handed on last. */
    private long heldBytes;

    private final List<AggregateCursor> cursors;

    /**
     * @param series each with the range to aggregate
     * @param counted the values of a series whose readings count
     * @param account holds the pages in memory
     */
    AggregateReader(
            WindowSource source,
            List<ServedSeries> series,
            Function<Series, ValueRange> counted,
            WindowGrid grid,
            AnswerBudget.Account account) {
        this.account = account;
        this.source = source;
        this.grid = grid;
        this.pageSize = Math.clamp(MAX_WINDOWS_HELD / Math.max(1, series.size()), MIN_PAGE_SIZE, MAX_PAGE_SIZE);
        this.cursors = series.stream()
                .map(s -> new AggregateCursor(s, counted.apply(s.series())))
                .toList();
    }

    /** Returns the slices; each is read when the subscriber requests it. */
    Multi<AggregateSlice> slices() {
        return Multi.createBy()
                .repeating()
                .uni(() -> this, AggregateReader::next)
                .whilst(_ -> cursors.stream().anyMatch(cursor -> !cursor.exhausted));
    }

    private Uni<AggregateSlice> next() {
        account.release(heldBytes);
        heldBytes = 0;
        long watermark = watermark();
        var behind = cursors.stream()
                .filter(cursor -> !cursor.exhausted && cursor.lastIndex <= watermark)
                .map(this::fill)
                .toList();
        return behind.isEmpty()
                ? Uni.createFrom().item(new AggregateSlice(List.of(), Long.MAX_VALUE))
                : Uni.join().all(behind).andFailFast().map(parts -> {
                    heldBytes = parts.stream()
                            .mapToLong(part -> bytesOf(part.aggregates()))
                            .sum();
                    return new AggregateSlice(new ArrayList<>(parts), watermark());
                });
    }

    private Uni<SeriesAggregates> fill(AggregateCursor cursor) {
        return Uni.createFrom()
                .completionStage(() -> ReadCaller.call(
                        account.subject(),
                        () -> source.aggregate(cursor.series, cursor.remainingRange, cursor.counted, grid, pageSize)
                                .subscribeAsCompletionStage()))
                .invoke(aggregates -> account.hold(bytesOf(aggregates)))
                .invoke(aggregates -> cursor.advance(aggregates, pageSize, grid))
                .map(aggregates -> new SeriesAggregates(cursor.series, aggregates));
    }

    private static long bytesOf(WindowAggregates aggregates) {
        return (long) WindowAggregates.BYTES_PER_ROW * aggregates.size();
    }

    private long watermark() {
        long watermark = Long.MAX_VALUE;
        for (var cursor : cursors) {
            watermark = Math.min(watermark, cursor.exhausted ? Long.MAX_VALUE : cursor.lastIndex);
        }
        return watermark;
    }

    /** The position in one series: the last window that was read, and the range that remains. */
    private static final class AggregateCursor {

        private final Series series;
        private final ValueRange counted;
        private TimeRange remainingRange;
        private long lastIndex = Long.MIN_VALUE;
        private boolean exhausted;

        AggregateCursor(ServedSeries served, ValueRange counted) {
            this.series = served.series();
            this.counted = counted;
            this.remainingRange = served.range();
            this.exhausted = remainingRange.isEmpty();
        }

        void advance(WindowAggregates aggregates, int pageSize, WindowGrid grid) {
            if (aggregates.size() < pageSize) {
                exhausted = true;
                return;
            }
            lastIndex = aggregates.windowIndexes()[aggregates.size() - 1];
            long last = grid.lastOf(lastIndex);
            exhausted = last >= remainingRange.to() - 1;
            if (!exhausted) {
                remainingRange = new TimeRange(last + 1, remainingRange.to());
            }
        }
    }
}
