package io.pulseplane.query;

import io.pulseplane.store.Store;
import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.Order;
import io.pulseplane.vitals.TimeRange;
import io.smallrye.mutiny.Multi;
import java.util.List;
import java.util.Optional;

/** Returns the readings of a range of time, page by page. */
public final class RangeQuery {

    /** The parameters of a query for readings. */
    public record Parameters(SeriesSelector selector, TimeRange range, Order order) {}

    /**
     * A part of the answer.
     *
     * @param columns each series at most once, times in the order of the query
     * @param pageToken the token of the rest of the answer; empty if this is the last page
     */
    public record Page(List<Columns> columns, String pageToken) {}

    private final Store store;
    private final SeriesResolver resolver;

    public RangeQuery(Store store) {
        this.store = store;
        this.resolver = new SeriesResolver(store);
    }

    /**
     * Returns the pages in order; each is read when the subscriber requests it. No page is empty: without readings,
     * there is no page. Fails with {@code NotFound} if the subject is not registered, and with {@code InvalidArgument}
     * if the token is not valid.
     *
     * @param pageToken where to continue; empty to start at the first reading
     * @param limit maximum number of readings; {@link Long#MAX_VALUE} for all
     * @param account holds the memory of the answer; if it has no room, the answer fails with {@code
     *     ResourceExhausted}
     */
    public Multi<Page> execute(Parameters parameters, String pageToken, long limit, AnswerBudget.Account account) {
        return resolver.resolve(parameters.selector()).onItem().transformToMulti(series -> {
            Optional<ResumePosition> resumePosition = pageToken.isEmpty()
                    ? Optional.empty()
                    : Optional.of(PageToken.decode(parameters, pageToken, series));
            return new SliceReader(
                            store.readings(),
                            series,
                            parameters.range(),
                            parameters.order(),
                            resumePosition,
                            limit,
                            account)
                    .slices()
                    .filter(slice -> !slice.columns().isEmpty())
                    .map(slice -> new Page(
                            slice.columns(),
                            slice.next()
                                    .map(position -> PageToken.encode(parameters, position))
                                    .orElse("")));
        });
    }
}
