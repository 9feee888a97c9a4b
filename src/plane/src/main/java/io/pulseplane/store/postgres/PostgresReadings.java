package io.pulseplane.store.postgres;

import io.pulseplane.store.AppendResult;
import io.pulseplane.store.ReadingStore;
import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.Order;
import io.pulseplane.vitals.Reading;
import io.pulseplane.vitals.ScreenedBatch;
import io.pulseplane.vitals.Series;
import io.pulseplane.vitals.Subject;
import io.pulseplane.vitals.TimeRange;
import io.smallrye.mutiny.Uni;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.List;

/** The readings of the store: the {@link GroupWriter} stores groups, any free connection serves queries. */
final class PostgresReadings implements ReadingStore {

    /** Readings that one statement returns at most. A longer range takes several, and can be cancelled between them. */
    static final int MAX_PAGE_READINGS = 1 << 18;

    private final SessionPool sessions;
    private final GroupWriter writer;

    PostgresReadings(SessionPool sessions, GroupWriter writer) {
        this.sessions = sessions;
        this.writer = writer;
    }

    @Override
    public Uni<List<AppendResult>> append(List<ScreenedBatch> group) {
        return writer.append(group);
    }

    @Override
    public int appendParallelism() {
        return writer.parallelism();
    }

    @Override
    public Uni<List<Series>> series(Subject subject) {
        return sessions.read(session -> SeriesTable.list(session, subject));
    }

    @Override
    public Uni<List<Reading>> latest(Subject subject) {
        return sessions.read(session -> MeasurementTable.latest(session, subject));
    }

    @Override
    public Uni<Columns> read(Series series, TimeRange range, Order order, int limit) {
        return sessions.readPages(session ->
                pages(session, series, range, order, limit, new ArrayList<>()).map(pages -> join(series, pages)));
    }

    private static Future<List<Columns>> pages(
            PostgresSession session, Series series, TimeRange range, Order order, int limit, List<Columns> pages) {
        int size = Math.min(limit, MAX_PAGE_READINGS);
        return MeasurementTable.read(session, series, range, order, size).compose(page -> {
            pages.add(page);
            return page.size() < size || size == limit
                    ? Future.succeededFuture(pages)
                    : pages(session, series, rangeAfter(page, range, order), order, limit - size, pages);
        });
    }

    private static TimeRange rangeAfter(Columns page, TimeRange range, Order order) {
        return order == Order.OLDEST_FIRST
                ? new TimeRange(page.lastTime() + 1, range.to())
                : new TimeRange(range.from(), page.lastTime());
    }

    private static Columns join(Series series, List<Columns> pages) {
        if (pages.size() == 1) {
            return pages.getFirst();
        }
        int size = pages.stream().mapToInt(Columns::size).sum();
        var joined = new Columns(series, new long[size], new double[size]);
        int filled = 0;
        for (var page : pages) {
            System.arraycopy(page.times(), 0, joined.times(), filled, page.size());
            System.arraycopy(page.values(), 0, joined.values(), filled, page.size());
            filled += page.size();
        }
        return joined;
    }
}
