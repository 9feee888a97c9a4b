package io.pulseplane.query;

import io.pulseplane.coherence.WindowSource;
import io.pulseplane.query.SeriesGroup.Grouping;
import io.pulseplane.store.Store;
import io.pulseplane.store.WindowAggregates;
import io.pulseplane.vitals.Order;
import io.pulseplane.vitals.PlaneException;
import io.pulseplane.vitals.Series;
import io.pulseplane.vitals.TimeRange;
import io.smallrye.mutiny.Multi;
import io.smallrye.mutiny.Uni;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;

/** Functions over windows of time, and over whole ranges. */
public final class AggregateQuery {

    /** How many windows may be filled in where there are no readings, over all groups. */
    public static final long MAX_FILLED_WINDOWS = 1_000_000;

    /**
     * Windows asked for.
     *
     * @param widthMicros of a window, in microseconds, 1 or more
     * @param fillEmpty whether windows without readings are answered too
     */
    public record WindowParameters(
            SeriesSelector selector,
            TimeRange range,
            long widthMicros,
            double[] quantiles,
            boolean fillEmpty,
            Grouping grouping) {}

    /** What was computed of the readings of one group, at least one. */
    public record GroupStatistics(SeriesGroup group, RunningStatistics statistics) {}

    private final Store store;
    private final WindowSource source;
    private final SeriesResolver resolver;

    public AggregateQuery(Store store) {
        this(store, WindowSource.of(store.readings()));
    }

    /** @param source where to look for windows without quantiles */
    public AggregateQuery(Store store, WindowSource source) {
        this.store = store;
        this.source = source;
        this.resolver = new SeriesResolver(store);
    }

    /**
     * Windows, in chunks of at most {@value WindowAssembler#MAX_WINDOWS_PER_RESULT}; those of one group ascend in time, groups take turns.
     *
     * <p>Fails with {@code NotFound} if the subject is not known, with {@code InvalidArgument} if more than {@link #MAX_FILLED_WINDOWS}
     * windows would have to be filled in.
     */
    public Multi<GroupWindows> windows(WindowParameters asked) {
        return resolver.resolve(asked.selector()).onItem().transformToMulti(series -> {
            var groups = byGroup(
                    series,
                    asked.grouping(),
                    group -> new WindowAssembler(
                            group, asked.range(), asked.widthMicros(), asked.quantiles(), asked.fillEmpty()));
            if (asked.fillEmpty()) {
                checkFilledWindowCount(asked, groups.size());
            }
            var readings = asked.quantiles().length == 0
                    ? windowsFromAggregates(asked, series, groups)
                    : windowsFromReadings(asked, series, groups);
            Multi<List<GroupWindows>> rest = Multi.createFrom().item(() -> {
                List<GroupWindows> windows = new ArrayList<>();
                groups.values().forEach(group -> group.finish(windows));
                return windows;
            });
            return Multi.createBy()
                    .concatenating()
                    .streams(readings, rest)
                    .onItem()
                    .transformToMultiAndConcatenate(
                            windows -> Multi.createFrom().iterable(windows));
        });
    }

    private Multi<List<GroupWindows>> windowsFromReadings(
            WindowParameters asked, List<Series> series, Map<SeriesGroup, WindowAssembler> groups) {
        return slices(series, asked.range()).map(slice -> {
            List<GroupWindows> windows = new ArrayList<>();
            slice.columns()
                    .forEach(columns ->
                            groups.get(asked.grouping().of(columns.series())).add(columns));
            groups.values().forEach(group -> group.closeUpTo(slice.watermark(), windows));
            return windows;
        });
    }

    /** Where nobody asks how values are distributed, the store may know what they come to without reading them. */
    private Multi<List<GroupWindows>> windowsFromAggregates(
            WindowParameters asked, List<Series> series, Map<SeriesGroup, WindowAssembler> groups) {
        return new AggregateReader(source, series, asked.range(), asked.widthMicros())
                .slices()
                .map(stretch -> {
                    List<GroupWindows> windows = new ArrayList<>();
                    stretch.parts()
                            .forEach(part -> groups.get(asked.grouping().of(part.series()))
                                    .add(part.aggregates()));
                    groups.values().forEach(group -> group.closeBefore(stretch.watermark(), windows));
                    return windows;
                });
    }

    private static void checkFilledWindowCount(WindowParameters asked, int groups) {
        long first = Math.floorDiv(asked.range().from(), asked.widthMicros());
        long last = Math.floorDiv(asked.range().to() - 1, asked.widthMicros());
        long windows = last - first + 1;
        // There may be more of them than a long can count.
        if (windows < 0 || windows > MAX_FILLED_WINDOWS / Math.max(1, groups)) {
            throw new PlaneException.InvalidArgument(
                    "fill_empty",
                    "must not be set where more than " + MAX_FILLED_WINDOWS + " windows would be answered");
        }
    }

    /**
     * One summary for each group that has readings in the range, in the order of the groups.
     *
     * <p>Fails with {@code NotFound} if the subject is not known.
     */
    public Uni<List<GroupStatistics>> statistics(
            SeriesSelector question, TimeRange times, double[] quantiles, Grouping grouping) {
        return resolver.resolve(question).chain(series -> {
            var groups = byGroup(series, grouping, _ -> new RunningStatistics(quantiles));
            var added = quantiles.length == 0
                    ? new AggregateReader(source, series, times, Long.MAX_VALUE)
                            .slices()
                            .invoke(stretch -> stretch.parts()
                                    .forEach(part -> addAll(groups.get(grouping.of(part.series())), part.aggregates())))
                            .onItem()
                            .ignoreAsUni()
                    : slices(series, times)
                            .invoke(slice -> slice.columns()
                                    .forEach(columns -> groups.get(grouping.of(columns.series()))
                                            .add(columns.times(), columns.values(), 0, columns.size())))
                            .onItem()
                            .ignoreAsUni();
            return added.map(_ -> groups.entrySet().stream()
                    .filter(entry -> entry.getValue().count() > 0)
                    .map(entry -> new GroupStatistics(entry.getKey(), entry.getValue()))
                    .toList());
        });
    }

    private static void addAll(RunningStatistics summary, WindowAggregates aggregates) {
        for (int i = 0; i < aggregates.size(); i++) {
            summary.add(aggregates, i);
        }
    }

    private Multi<Slice> slices(List<Series> series, TimeRange times) {
        return new SliceReader(store.readings(), series, times, Order.OLDEST_FIRST, Optional.empty(), Long.MAX_VALUE)
                .slices();
    }

    private static <T> Map<SeriesGroup, T> byGroup(
            List<Series> series, Grouping grouping, Function<SeriesGroup, T> make) {
        var groups = new TreeMap<SeriesGroup, T>();
        for (var s : series) {
            groups.computeIfAbsent(grouping.of(s), make);
        }
        return groups;
    }
}
