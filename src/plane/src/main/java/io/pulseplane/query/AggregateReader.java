package io.pulseplane.query;

import io.pulseplane.coherence.WindowSource;
import io.pulseplane.store.WindowAggregates;
import io.pulseplane.vitals.Series;
import io.pulseplane.vitals.TimeRange;
import io.smallrye.mutiny.Multi;
import io.smallrye.mutiny.Uni;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads what several series come to, window by window, side by side. The readings themselves stay where they are.
 *
 * <p>No series gets further ahead of another than {@value #MAX_WINDOWS_HELD} windows, over all of them, or {@value #MIN_PAGE_SIZE} each
 * where there are very many.
 */
final class AggregateReader {

    private static final int MAX_WINDOWS_HELD = 64 * 1024;
    private static final int MIN_PAGE_SIZE = 64;
    private static final int MAX_PAGE_SIZE = 16 * 1024;

    /**
     * Some windows.
     *
     * @param parts of each series that came further
     * @param watermark the index of the last window that has everything
     */
    record AggregateSlice(List<SeriesAggregates> parts, long watermark) {}

    record SeriesAggregates(Series series, WindowAggregates aggregates) {}

    private final WindowSource source;
    private final long width;
    private final int pageSize;
    private final List<AggregateCursor> cursors;

    AggregateReader(WindowSource source, List<Series> series, TimeRange range, long width) {
        this.source = source;
        this.width = width;
        this.pageSize = Math.clamp(MAX_WINDOWS_HELD / Math.max(1, series.size()), MIN_PAGE_SIZE, MAX_PAGE_SIZE);
        this.cursors = series.stream().map(s -> new AggregateCursor(s, range)).toList();
    }

    /** The stretches, each read when it is asked for. */
    Multi<AggregateSlice> slices() {
        return Multi.createBy()
                .repeating()
                .uni(() -> this, AggregateReader::next)
                .whilst(_ -> cursors.stream().anyMatch(lane -> !lane.exhausted));
    }

    private Uni<AggregateSlice> next() {
        long reach = watermark();
        var behind = cursors.stream()
                .filter(lane -> !lane.exhausted && lane.lastIndex <= reach)
                .map(this::fill)
                .toList();
        return behind.isEmpty()
                ? Uni.createFrom().item(new AggregateSlice(List.of(), Long.MAX_VALUE))
                : Uni.join()
                        .all(behind)
                        .andFailFast()
                        .map(parts -> new AggregateSlice(new ArrayList<>(parts), watermark()));
    }

    private Uni<SeriesAggregates> fill(AggregateCursor lane) {
        return source.aggregate(lane.series, lane.remainingRange, width, pageSize)
                .invoke(aggregates -> lane.advance(aggregates, pageSize, width))
                .map(aggregates -> new SeriesAggregates(lane.series, aggregates));
    }

    private long watermark() {
        long reach = Long.MAX_VALUE;
        for (var lane : cursors) {
            reach = Math.min(reach, lane.exhausted ? Long.MAX_VALUE : lane.lastIndex);
        }
        return reach;
    }

    /** One series: how far it has come, and what of its range is still to be read. */
    private static final class AggregateCursor {

        private final Series series;
        private TimeRange remainingRange;
        private long lastIndex = Long.MIN_VALUE;
        private boolean exhausted;

        AggregateCursor(Series series, TimeRange range) {
            this.series = series;
            this.remainingRange = range;
            this.exhausted = range.isEmpty();
        }

        void advance(WindowAggregates aggregates, int page, long width) {
            if (aggregates.size() < page) {
                exhausted = true;
                return;
            }
            lastIndex = aggregates.windowIndexes()[aggregates.size() - 1];
            long last = lastIndex * width + (width - 1);
            // The last window there is may end after the last time there is.
            exhausted = last < lastIndex * width || last >= remainingRange.to() - 1;
            if (!exhausted) {
                remainingRange = new TimeRange(last + 1, remainingRange.to());
            }
        }
    }
}
