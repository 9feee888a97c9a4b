package io.pulseplane.query;

import io.pulseplane.store.Store;
import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.Order;
import io.pulseplane.vitals.TimeRange;
import io.smallrye.mutiny.Multi;
import java.util.List;
import java.util.Optional;

/** The readings of a range of time, in chunks. */
public final class RangeQuery {

    /** What is asked for. */
    public record Range(Question question, TimeRange times, Order order) {}

    /**
     * A stretch of the answer.
     *
     * @param columns each series at most once, times in the order asked for
     * @param pageToken where to go on after it; empty if there is nothing more
     */
    public record Chunk(List<Columns> columns, String pageToken) {}

    private final Store store;
    private final Subjects subjects;

    public RangeQuery(Store store) {
        this.store = store;
        this.subjects = new Subjects(store);
    }

    /**
     * The chunks in order, each read when it is asked for. No chunk is empty; where there are no readings there is no
     * chunk. Fails with {@code NotFound} if the subject is not known, with {@code Invalid} if the token is not one.
     *
     * @param pageToken where to begin; at the start when empty
     * @param limit how many readings at most; {@link Long#MAX_VALUE} for all
     */
    public Multi<Chunk> ask(Range range, String pageToken, long limit) {
        return subjects.series(range.question()).onItem().transformToMulti(series -> {
            Optional<Position> after =
                    pageToken.isEmpty() ? Optional.empty() : Optional.of(PageToken.decode(range, pageToken, series));
            return new SliceReader(store.readings(), series, range.times(), range.order(), after, limit)
                    .slices()
                    .filter(slice -> !slice.columns().isEmpty())
                    .map(slice -> new Chunk(
                            slice.columns(),
                            slice.next()
                                    .map(position -> PageToken.encode(range, position))
                                    .orElse("")));
        });
    }
}
