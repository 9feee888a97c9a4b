package io.pulseplane.query;

import io.pulseplane.cache.WindowSource;
import io.pulseplane.store.Aggregates;
import io.pulseplane.vitals.Series;
import io.pulseplane.vitals.TimeRange;
import io.smallrye.mutiny.Multi;
import io.smallrye.mutiny.Uni;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads what several series come to, window by window, side by side. The readings themselves stay where they are.
 *
 * <p>No series gets further ahead of another than {@value #WINDOWS_HELD} windows, over all of them, or {@value #MIN_PAGE} each
 * where there are very many.
 */
final class AggregateReader {

    private static final int WINDOWS_HELD = 64 * 1024;
    private static final int MIN_PAGE = 64;
    private static final int MAX_PAGE = 16 * 1024;

    /**
     * Some windows.
     *
     * @param parts of each series that came further
     * @param reach the index of the last window that has everything
     */
    record Stretch(List<Part> parts, long reach) {}

    record Part(Series series, Aggregates aggregates) {}

    private final WindowSource source;
    private final long width;
    private final int page;
    private final List<Lane> lanes;

    AggregateReader(WindowSource source, List<Series> series, TimeRange range, long width) {
        this.source = source;
        this.width = width;
        this.page = Math.clamp(WINDOWS_HELD / Math.max(1, series.size()), MIN_PAGE, MAX_PAGE);
        this.lanes = series.stream().map(s -> new Lane(s, range)).toList();
    }

    /** The stretches, each read when it is asked for. */
    Multi<Stretch> stretches() {
        return Multi.createBy()
                .repeating()
                .uni(() -> this, AggregateReader::next)
                .whilst(_ -> lanes.stream().anyMatch(lane -> !lane.exhausted));
    }

    private Uni<Stretch> next() {
        long reach = reach();
        var behind = lanes.stream()
                .filter(lane -> !lane.exhausted && lane.reached <= reach)
                .map(this::fill)
                .toList();
        return behind.isEmpty()
                ? Uni.createFrom().item(new Stretch(List.of(), Long.MAX_VALUE))
                : Uni.join().all(behind).andFailFast().map(parts -> new Stretch(new ArrayList<>(parts), reach()));
    }

    private Uni<Part> fill(Lane lane) {
        return source.aggregate(lane.series, lane.rest, width, page)
                .invoke(aggregates -> lane.took(aggregates, page, width))
                .map(aggregates -> new Part(lane.series, aggregates));
    }

    private long reach() {
        long reach = Long.MAX_VALUE;
        for (var lane : lanes) {
            reach = Math.min(reach, lane.exhausted ? Long.MAX_VALUE : lane.reached);
        }
        return reach;
    }

    /** One series: how far it has come, and what of its range is still to be read. */
    private static final class Lane {

        private final Series series;
        private TimeRange rest;
        private long reached = Long.MIN_VALUE;
        private boolean exhausted;

        Lane(Series series, TimeRange range) {
            this.series = series;
            this.rest = range;
            this.exhausted = range.isEmpty();
        }

        void took(Aggregates aggregates, int page, long width) {
            if (aggregates.size() < page) {
                exhausted = true;
                return;
            }
            reached = aggregates.indexes()[aggregates.size() - 1];
            long last = reached * width + (width - 1);
            // The last window there is may end after the last time there is.
            exhausted = last < reached * width || last >= rest.to() - 1;
            if (!exhausted) {
                rest = new TimeRange(last + 1, rest.to());
            }
        }
    }
}
