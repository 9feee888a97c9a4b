package io.pulseplane.query;

import io.pulseplane.assignment.Assignments;
import io.pulseplane.query.SeriesResolver.ServedSeries;
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

    /** For a plane on which every device counts. */
    public RangeQuery(Store store) {
        this(store, Assignments.any());
    }

    public RangeQuery(Store store, Assignments assignments) {
        this.store = store;
        this.resolver = new SeriesResolver(store, assignments);
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
        return resolver.resolve(parameters.selector(), parameters.range())
                .onItem()
                .transformToMulti(served -> {
                    Optional<ResumePosition> resumePosition = pageToken.isEmpty()
                            ? Optional.empty()
                            : Optional.of(PageToken.decode(
                                    parameters,
                                    pageToken,
                                    served.stream().map(ServedSeries::series).toList()));
                    return new SliceReader(store.readings(), served, parameters.order(), resumePosition, limit, account)
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
