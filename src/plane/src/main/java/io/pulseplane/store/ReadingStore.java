package io.pulseplane.store;

import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.Order;
import io.pulseplane.vitals.Reading;
import io.pulseplane.vitals.ScreenedBatch;
import io.pulseplane.vitals.Series;
import io.pulseplane.vitals.Subject;
import io.pulseplane.vitals.TimeRange;
import io.smallrye.mutiny.Uni;
import java.util.List;

/** Keeps readings, and remembers which batches brought them. */
public interface ReadingStore {

    /** Readings that are read at once to be added up. */
    int PAGE_SIZE = 16 * 1024;

    /**
     * Makes a group of batches durable, all of them or none.
     *
     * <p>The answer comes after the group is synced to disk, in the order of the group. Batches of one group see each
     * other, in that order: a repeated batch or reading is recognised within the group as it is across restarts.
     * Patients and devices that are not in the registry are put there, see {@link Registry}.
     *
     * <p>Groups that have a device in common are stored in the order in which their answers were subscribed to. A failure
     * means that nothing of the group is stored.
     */
    Uni<List<AppendResult>> append(List<ScreenedBatch> group);

    /** How many groups of different devices it takes to keep the store busy; more of them wait for each other. */
    default int appendParallelism() {
        return 1;
    }

    /** The series of a subject that have or had readings, in their natural order; empty if there are none. */
    Uni<List<Series>> series(Subject subject);

    /**
     * The first readings of a series in a range, in the order asked for.
     *
     * @param limit at most this many readings, 1 or more; fewer means that the range has no more
     */
    Uni<Columns> read(Series series, TimeRange range, Order order, int limit);

    /**
     * What the readings of a series in a range come to, in windows that begin at multiples of their width. A store that knows
     * what its readings come to without reading all of them does better than this.
     *
     * @param width in microseconds, 1 or more
     * @param limit at most this many windows, the first ones; fewer means that the range has no more
     */
    default Uni<WindowAggregates> aggregate(Series series, TimeRange range, long width, int limit) {
        return aggregate(new WindowAggregates.Builder(width), series, range, limit);
    }

    private Uni<WindowAggregates> aggregate(
            WindowAggregates.Builder builder, Series series, TimeRange range, int limit) {
        return read(series, range, Order.OLDEST_FIRST, PAGE_SIZE).chain(columns -> {
            builder.add(columns);
            boolean isEnough = columns.size() < PAGE_SIZE || builder.size() > limit;
            return isEnough
                    ? Uni.createFrom().item(builder.build(limit))
                    : aggregate(builder, series, new TimeRange(columns.lastTime() + 1, range.to()), limit);
        });
    }

    /** The latest reading of every series of a subject, in the order of the series. */
    Uni<List<Reading>> latest(Subject subject);
}
