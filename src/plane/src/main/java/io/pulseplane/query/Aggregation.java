package io.pulseplane.query;

import io.pulseplane.cache.WindowSource;
import io.pulseplane.query.Group.Grouping;
import io.pulseplane.store.Aggregates;
import io.pulseplane.store.Store;
import io.pulseplane.vitals.Order;
import io.pulseplane.vitals.Problem;
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
public final class Aggregation {

    /** How many windows may be filled in where there are no readings, over all groups. */
    public static final long MAX_FILLED = 1_000_000;

    /**
     * Windows asked for.
     *
     * @param width of a window, in microseconds, 1 or more
     * @param fillEmpty whether windows without readings are answered too
     */
    public record Windowed(
            Question question, TimeRange times, long width, double[] quantiles, boolean fillEmpty, Grouping grouping) {}

    /** What was computed of the readings of one group, at least one. */
    public record Statistics(Group group, Summary summary) {}

    private final Store store;
    private final WindowSource source;
    private final Subjects subjects;

    public Aggregation(Store store) {
        this(store, WindowSource.of(store.readings()));
    }

    /** @param source where to look for windows without quantiles */
    public Aggregation(Store store, WindowSource source) {
        this.store = store;
        this.source = source;
        this.subjects = new Subjects(store);
    }

    /**
     * Windows, in chunks of at most {@value Windowing#CHUNK}; those of one group ascend in time, groups take turns.
     *
     * <p>Fails with {@code NotFound} if the subject is not known, with {@code Invalid} if more than {@link #MAX_FILLED}
     * windows would have to be filled in.
     */
    public Multi<Windows> windows(Windowed asked) {
        return subjects.series(asked.question()).onItem().transformToMulti(series -> {
            var groups = byGroup(
                    series,
                    asked.grouping(),
                    group -> new Windowing(group, asked.times(), asked.width(), asked.quantiles(), asked.fillEmpty()));
            if (asked.fillEmpty()) {
                refuseToFillTooMany(asked, groups.size());
            }
            var readings = asked.quantiles().length == 0
                    ? fromAggregates(asked, series, groups)
                    : fromReadings(asked, series, groups);
            Multi<List<Windows>> rest = Multi.createFrom().item(() -> {
                List<Windows> windows = new ArrayList<>();
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

    private Multi<List<Windows>> fromReadings(Windowed asked, List<Series> series, Map<Group, Windowing> groups) {
        return slices(series, asked.times()).map(slice -> {
            List<Windows> windows = new ArrayList<>();
            slice.columns()
                    .forEach(columns ->
                            groups.get(asked.grouping().of(columns.series())).add(columns));
            groups.values().forEach(group -> group.closeUpTo(slice.reach(), windows));
            return windows;
        });
    }

    /** Where nobody asks how values are distributed, the store may know what they come to without reading them. */
    private Multi<List<Windows>> fromAggregates(Windowed asked, List<Series> series, Map<Group, Windowing> groups) {
        return new AggregateReader(source, series, asked.times(), asked.width())
                .stretches()
                .map(stretch -> {
                    List<Windows> windows = new ArrayList<>();
                    stretch.parts()
                            .forEach(part -> groups.get(asked.grouping().of(part.series()))
                                    .add(part.aggregates()));
                    groups.values().forEach(group -> group.closeBefore(stretch.reach(), windows));
                    return windows;
                });
    }

    private static void refuseToFillTooMany(Windowed asked, int groups) {
        long first = Math.floorDiv(asked.times().from(), asked.width());
        long last = Math.floorDiv(asked.times().to() - 1, asked.width());
        long windows = last - first + 1;
        // There may be more of them than a long can count.
        if (windows < 0 || windows > MAX_FILLED / Math.max(1, groups)) {
            throw new Problem.Invalid(
                    "fill_empty", "must not be set where more than " + MAX_FILLED + " windows would be answered");
        }
    }

    /**
     * One summary for each group that has readings in the range, in the order of the groups.
     *
     * <p>Fails with {@code NotFound} if the subject is not known.
     */
    public Uni<List<Statistics>> statistics(Question question, TimeRange times, double[] quantiles, Grouping grouping) {
        return subjects.series(question).chain(series -> {
            var groups = byGroup(series, grouping, _ -> new Summary(quantiles));
            var added = quantiles.length == 0
                    ? new AggregateReader(source, series, times, Long.MAX_VALUE)
                            .stretches()
                            .invoke(stretch -> stretch.parts()
                                    .forEach(part -> addUp(groups.get(grouping.of(part.series())), part.aggregates())))
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
                    .map(entry -> new Statistics(entry.getKey(), entry.getValue()))
                    .toList());
        });
    }

    private static void addUp(Summary summary, Aggregates aggregates) {
        for (int i = 0; i < aggregates.size(); i++) {
            summary.add(aggregates, i);
        }
    }

    private Multi<Slice> slices(List<Series> series, TimeRange times) {
        return new SliceReader(store.readings(), series, times, Order.OLDEST_FIRST, Optional.empty(), Long.MAX_VALUE)
                .slices();
    }

    private static <T> Map<Group, T> byGroup(List<Series> series, Grouping grouping, Function<Group, T> make) {
        var groups = new TreeMap<Group, T>();
        for (var s : series) {
            groups.computeIfAbsent(grouping.of(s), make);
        }
        return groups;
    }
}
