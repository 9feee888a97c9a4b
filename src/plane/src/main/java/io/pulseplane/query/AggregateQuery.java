package io.pulseplane.query;

import io.pulseplane.assignment.Assignments;
import io.pulseplane.coherence.WindowSource;
import io.pulseplane.query.SeriesGroup.Grouping;
import io.pulseplane.query.SeriesResolver.ServedSeries;
import io.pulseplane.store.FixedWindows;
import io.pulseplane.store.Store;
import io.pulseplane.store.WindowAggregates;
import io.pulseplane.store.WindowGrid;
import io.pulseplane.vitals.Catalogue;
import io.pulseplane.vitals.Order;
import io.pulseplane.vitals.PlaneException;
import io.pulseplane.vitals.Series;
import io.pulseplane.vitals.TimeRange;
import io.pulseplane.vitals.ValueRange;
import io.smallrye.mutiny.Multi;
import io.smallrye.mutiny.Uni;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * Computes statistics of readings by window, and over whole ranges. Readings whose values the catalogue does not call
 * plausible are left out, unless a query asks for them.
 */
public final class AggregateQuery {

    /** Upper bound of the windows of a query that fills in empty windows, over all groups. */
    public static final long MAX_FILLED_WINDOWS = 1_000_000;

    /**
     * The parameters of a query for windows.
     *
     * @param fillEmpty whether the result includes windows without readings
     * @param includeImplausible whether readings count whose values are not plausible
     */
    public record WindowParameters(
            SeriesSelector selector,
            TimeRange range,
            WindowGrid grid,
            double[] quantiles,
            boolean fillEmpty,
            Grouping grouping,
            boolean includeImplausible) {}

    /**
     * The parameters of a query for statistics of a whole range.
     *
     * @param includeImplausible whether readings count whose values are not plausible
     */
    public record StatisticsParameters(
            SeriesSelector selector,
            TimeRange range,
            double[] quantiles,
            Grouping grouping,
            boolean includeImplausible) {}

    /** The statistics of the readings of one group, which has at least one reading. */
    public record GroupStatistics(SeriesGroup group, RunningStatistics statistics) {}

    private final Store store;
    private final WindowSource source;
    private final SeriesResolver resolver;
    private final Catalogue catalogue;

    /** For a plane on which every device counts. */
    public AggregateQuery(Store store, Catalogue catalogue) {
        this(store, WindowSource.of(store.readings()), catalogue, Assignments.any());
    }

    /** @param source provides aggregates for queries without quantiles */
    public AggregateQuery(Store store, WindowSource source, Catalogue catalogue, Assignments assignments) {
        this.store = store;
        this.source = source;
        this.resolver = new SeriesResolver(store, assignments);
        this.catalogue = catalogue;
    }

    /**
     * Returns windows, in results of at most {@value WindowAssembler#MAX_WINDOWS_PER_RESULT}. The windows of one group
     * ascend in time; the results of different groups alternate.
     *
     * <p>Fails with {@code NotFound} if the subject is not registered, with {@code ResourceExhausted} if the account
     * has no room for the answer, and with {@code InvalidArgument} if empty
     * windows are to be filled in and the result could have more than {@link #MAX_FILLED_WINDOWS} windows.
     */
    public Multi<GroupWindows> windows(WindowParameters parameters, AnswerBudget.Account account) {
        return resolver.resolve(parameters.selector(), parameters.range())
                .onItem()
                .transformToMulti(series -> {
                    var groups = byGroup(
                            series,
                            parameters.grouping(),
                            group -> new WindowAssembler(
                                    group,
                                    parameters.range(),
                                    parameters.grid(),
                                    parameters.quantiles(),
                                    parameters.fillEmpty(),
                                    account));
                    if (parameters.fillEmpty()) {
                        checkFilledWindowCount(parameters, groups.size());
                    }
                    var completeWindows = parameters.quantiles().length == 0
                            ? windowsFromAggregates(parameters, series, groups, account)
                            : windowsFromReadings(parameters, series, groups, account);
                    Multi<List<GroupWindows>> remainingWindows = Multi.createFrom()
                            .item(() -> {
                                List<GroupWindows> windows = new ArrayList<>();
                                groups.values().forEach(group -> group.finish(windows));
                                return windows;
                            });
                    return Multi.createBy()
                            .concatenating()
                            .streams(completeWindows, remainingWindows)
                            .onItem()
                            .transformToMultiAndConcatenate(
                                    windows -> Multi.createFrom().iterable(windows))
                            .onItem()
                            .invoke(new HandedOn(account)::next);
                });
    }

    /** Releases the windows that were handed on when the next are, because the caller has converted them by then. */
    private static final class HandedOn {

        private final AnswerBudget.Account account;
        private long heldBytes;

        HandedOn(AnswerBudget.Account account) {
            this.account = account;
        }

        void next(GroupWindows windows) {
            account.release(heldBytes);
            heldBytes = windows.heldBytes();
        }
    }

    private Multi<List<GroupWindows>> windowsFromReadings(
            WindowParameters parameters,
            List<ServedSeries> series,
            Map<SeriesGroup, WindowAssembler> groups,
            AnswerBudget.Account account) {
        var counted = counted(parameters.includeImplausible());
        return slices(series, account).map(slice -> {
            List<GroupWindows> windows = new ArrayList<>();
            slice.columns()
                    .forEach(columns -> groups.get(parameters.grouping().of(columns.series()))
                            .add(columns.within(counted.apply(columns.series()))));
            groups.values().forEach(group -> group.closeUpTo(slice.watermark(), windows));
            return windows;
        });
    }

    /** Without quantiles, the store can provide aggregates, often without reading the readings. */
    private Multi<List<GroupWindows>> windowsFromAggregates(
            WindowParameters parameters,
            List<ServedSeries> series,
            Map<SeriesGroup, WindowAssembler> groups,
            AnswerBudget.Account account) {
        var counted = counted(parameters.includeImplausible());
        return new AggregateReader(source, series, counted, parameters.grid(), account)
                .slices()
                .map(slice -> {
                    List<GroupWindows> windows = new ArrayList<>();
                    slice.parts()
                            .forEach(part -> groups.get(parameters.grouping().of(part.series()))
                                    .add(part.aggregates()));
                    groups.values().forEach(group -> group.closeBefore(slice.watermark(), windows));
                    return windows;
                });
    }

    private Function<Series, ValueRange> counted(boolean includeImplausible) {
        return includeImplausible ? _ -> ValueRange.ALL : catalogue::plausible;
    }

    private static void checkFilledWindowCount(WindowParameters parameters, int groups) {
        long first = parameters.grid().indexOf(parameters.range().from());
        long last = parameters.grid().indexOf(parameters.range().to() - 1);
        long windows = last - first + 1;
        // The number of windows can exceed a long.
        if (windows < 0 || windows > MAX_FILLED_WINDOWS / Math.max(1, groups)) {
            throw new PlaneException.InvalidArgument(
                    "fill_empty",
                    "must not be set where more than " + MAX_FILLED_WINDOWS + " windows would be returned");
        }
    }

    /**
     * Returns the statistics of each group that has readings in the range, in the order of the groups.
     *
     * <p>Fails with {@code NotFound} if the subject is not registered.
     */
    public Uni<List<GroupStatistics>> statistics(StatisticsParameters parameters, AnswerBudget.Account account) {
        var grouping = parameters.grouping();
        var quantiles = parameters.quantiles();
        return resolver.resolve(parameters.selector(), parameters.range()).chain(series -> {
            var groups = byGroup(series, grouping, _ -> new RunningStatistics(quantiles, account));
            var completion = quantiles.length == 0
                    ? addAggregates(parameters, series, groups, account)
                    : addReadings(parameters, series, groups, account);
            return completion.map(_ -> groups.entrySet().stream()
                    .filter(entry -> entry.getValue().count() > 0)
                    .map(entry -> new GroupStatistics(entry.getKey(), entry.getValue()))
                    .toList());
        });
    }

    private Uni<?> addAggregates(
            StatisticsParameters parameters,
            List<ServedSeries> series,
            Map<SeriesGroup, RunningStatistics> groups,
            AnswerBudget.Account account) {
        var counted = counted(parameters.includeImplausible());
        return new AggregateReader(source, series, counted, FixedWindows.ALL_TIME, account)
                .slices()
                .invoke(slice -> slice.parts()
                        .forEach(
                                part -> addAll(groups.get(parameters.grouping().of(part.series())), part.aggregates())))
                .onItem()
                .ignoreAsUni();
    }

    private Uni<?> addReadings(
            StatisticsParameters parameters,
            List<ServedSeries> series,
            Map<SeriesGroup, RunningStatistics> groups,
            AnswerBudget.Account account) {
        var counted = counted(parameters.includeImplausible());
        return slices(series, account)
                .invoke(slice -> slice.columns().forEach(all -> {
                    var columns = all.within(counted.apply(all.series()));
                    if (!columns.isEmpty()) {
                        groups.get(parameters.grouping().of(columns.series()))
                                .add(columns.times(), columns.values(), 0, columns.size());
                    }
                }))
                .onItem()
                .ignoreAsUni();
    }

    private static void addAll(RunningStatistics statistics, WindowAggregates aggregates) {
        for (int i = 0; i < aggregates.size(); i++) {
            statistics.add(aggregates, i);
        }
    }

    private Multi<Slice> slices(List<ServedSeries> series, AnswerBudget.Account account) {
        return new SliceReader(store.readings(), series, Order.OLDEST_FIRST, Optional.empty(), Long.MAX_VALUE, account)
                .slices();
    }

    private static <T> Map<SeriesGroup, T> byGroup(
            List<ServedSeries> series, Grouping grouping, Function<SeriesGroup, T> factory) {
        var groups = new TreeMap<SeriesGroup, T>();
        for (var member : series) {
            groups.computeIfAbsent(grouping.of(member.series()), factory);
        }
        return groups;
    }
}
