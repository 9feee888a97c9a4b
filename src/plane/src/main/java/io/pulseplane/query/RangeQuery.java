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
    public record Parameters(SeriesSelector selector, TimeRange range, Order order) {}

    /**
     * A stretch of the answer.
     *
     * @param columns each series at most once, times in the order asked for
     * @param pageToken where to go on after it; empty if there is nothing more
     */
    public record Page(List<Columns> columns, String pageToken) {}

    private final Store store;
    private final SeriesResolver resolver;

    public RangeQuery(Store store) {
        this.store = store;
        this.resolver = new SeriesResolver(store);
    }

    /**
     * The chunks in order, each read when it is asked for. No chunk is empty; where there are no readings there is no
     * chunk. Fails with {@code NotFound} if the subject is not known, with {@code InvalidArgument} if the token is not one.
     *
     * @param pageToken where to begin; at the start when empty
     * @param limit how many readings at most; {@link Long#MAX_VALUE} for all
     */
    public Multi<Page> execute(Parameters range, String pageToken, long limit) {
        return resolver.resolve(range.selector()).onItem().transformToMulti(series -> {
            Optional<ResumePosition> after =
                    pageToken.isEmpty() ? Optional.empty() : Optional.of(PageToken.decode(range, pageToken, series));
            return new SliceReader(store.readings(), series, range.range(), range.order(), after, limit)
                    .slices()
                    .filter(slice -> !slice.columns().isEmpty())
                    .map(slice -> new Page(
                            slice.columns(),
                            slice.next()
                                    .map(position -> PageToken.encode(range, position))
                                    .orElse("")));
        });
    }
}
