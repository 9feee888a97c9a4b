package io.pulseplane.store;

import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.Order;
import io.pulseplane.vitals.Reading;
import io.pulseplane.vitals.ScreenedBatch;
import io.pulseplane.vitals.Series;
import io.pulseplane.vitals.Subject;
import io.pulseplane.vitals.TimeRange;
import io.pulseplane.vitals.ValueRange;
import io.smallrye.mutiny.Uni;
import java.util.List;

/** Stores readings, and a receipt of every batch, so that a repeated batch gets the same answer. */
public interface ReadingStore {

    /** Number of readings that {@link #aggregate} reads at once. */
    int PAGE_SIZE = 16 * 1024;

    /**
     * Stores a group of batches, all of them or none.
     *
     * <p>The results come after the group is synced to disk, in the order of the group. The store handles the batches
     * of a group in that order: it recognises a repeated batch or reading within the group as it does across restarts.
     * It registers patients and devices that are not in the registry, see {@link Registry}. A repeated batch gets the
     * answer of the first time, except that readings which were from the future then are stored when they no longer
     * are.
     *
     * <p>Groups that have a device in common are stored in the order of the subscriptions to their results. A failure
     * means that nothing of the group is stored.
     */
    Uni<List<AppendResult>> append(List<ScreenedBatch> group);

    /** Returns how many groups of different devices the store handles at once; further groups wait. */
    default int appendParallelism() {
        return 1;
    }

    /** Returns the series of a subject that have or had readings, in their natural order; empty if there are none. */
    Uni<List<Series>> series(Subject subject);

    /**
     * Returns the first readings of a series in a range, in the given order.
     *
     * @param limit maximum number of readings, 1 or more; a result with fewer readings has all of the range
     */
    Uni<Columns> read(Series series, TimeRange range, Order order, int limit);

    /**
     * Aggregates the readings of a series in a range by windows; readings of other values than {@code counted} are as
     * if they were not there. This implementation reads all readings; a
     * store that keeps summaries overrides it.
     *
     * @param limit maximum number of windows, from the first on, 1 or more; a result with fewer windows has all of the
     *     range
     */
    default Uni<WindowAggregates> aggregate(
            Series series, TimeRange range, ValueRange counted, WindowGrid grid, int limit) {
        return aggregate(new WindowAggregates.Builder(grid, counted), series, range, limit);
    }

    private Uni<WindowAggregates> aggregate(
            WindowAggregates.Builder builder, Series series, TimeRange range, int limit) {
        return read(series, range, Order.OLDEST_FIRST, PAGE_SIZE).chain(columns -> {
            builder.add(columns);
            boolean isComplete = columns.size() < PAGE_SIZE || builder.size() > limit;
            return isComplete
                    ? Uni.createFrom().item(builder.build(limit))
                    : aggregate(builder, series, new TimeRange(columns.lastTime() + 1, range.to()), limit);
        });
    }

    /** Returns the latest reading of every series of a subject, in the order of the series. */
    Uni<List<Reading>> latest(Subject subject);
}
