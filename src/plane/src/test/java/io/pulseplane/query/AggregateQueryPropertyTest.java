package io.pulseplane.query;

import static io.pulseplane.ReadingFixtures.ADA;
import static io.pulseplane.ReadingFixtures.HEART_RATE;
import static io.pulseplane.ReadingFixtures.OXYGEN_SATURATION;
import static io.pulseplane.ReadingFixtures.RESPIRATORY_RATE;
import static io.pulseplane.ReadingFixtures.appendAll;
import static io.pulseplane.ReadingFixtures.await;
import static io.pulseplane.ReadingFixtures.randomColumns;
import static io.pulseplane.ReadingFixtures.series;
import static org.assertj.core.api.Assertions.assertThat;

import io.pulseplane.query.AggregateQuery.GroupStatistics;
import io.pulseplane.query.AggregateQuery.WindowParameters;
import io.pulseplane.query.SeriesGroup.Grouping;
import io.pulseplane.store.FixedWindows;
import io.pulseplane.store.Store;
import io.pulseplane.store.edge.EdgeStore;
import io.pulseplane.store.memory.MemoryStore;
import io.pulseplane.vitals.Catalogue;
import io.pulseplane.vitals.CatalogueFormat;
import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.Order;
import io.pulseplane.vitals.Reading;
import io.pulseplane.vitals.Series;
import io.pulseplane.vitals.Subject;
import io.pulseplane.vitals.TimeRange;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** For random readings and queries, windows and statistics must match those of a flat list of readings. */
class AggregateQueryPropertyTest {

    private static final List<String> CODES = List.of(HEART_RATE, RESPIRATORY_RATE, OXYGEN_SATURATION);
    private static final double[] QUANTILES = {0.5, 0.05, 1};

    /** Some of the random values are outside the range of the heart rate, and all are inside that of the saturation. */
    private static final Catalogue CATALOGUE =
            CatalogueFormat.parse(Catalogue.none(), """
            [%s]
            name = Heart rate
            unit = /min
            plausible = 60..250

            [%s]
            name = Oxygen saturation
            unit = /min
            plausible = 0..1000
            """.formatted(HEART_RATE, OXYGEN_SATURATION));

    private final SplittableRandom random = new SplittableRandom(20261128);

    @Test
    void holds_for_few_readings_that_share_windows_and_times() {
        for (int round = 0; round < 150; round++) {
            assertHolds(new MemoryStore(() -> 0), 1 + random.nextInt(8), 40, 200);
        }
    }

    /** Windows then span several slices, and the pages of the series cover different times. */
    @Test
    void holds_for_more_readings_than_a_page() {
        assertHolds(new MemoryStore(() -> 0), 4, 20_000, 40_000);
    }

    @Test
    void holds_on_disk(@TempDir Path directory) {
        try (var store = new CloseableStore(EdgeStore.open(directory, 2, () -> 0))) {
            assertHolds(store.store, 6, 500, 2_000);
        }
    }

    private record CloseableStore(Store store) implements AutoCloseable {
        @Override
        public void close() {
            store.close();
        }
    }

    private void assertHolds(Store store, int count, int size, long end) {
        var stored = randomStay(count, size, end);
        appendAll(store, stored);
        var aggregation = new AggregateQuery(store, CATALOGUE);
        for (int i = 0; i < 4; i++) {
            Subject subject = random.nextInt(4) == 0 ? new Subject.OfDevice("d0") : ADA;
            var selector =
                    new SeriesSelector(subject, random.nextBoolean() ? Set.of() : Set.of(HEART_RATE, RESPIRATORY_RATE));
            var grouping = Grouping.values()[random.nextInt(2)];
            long from = random.nextLong(-end / 4, end);
            var times = new TimeRange(from, from + random.nextLong(2 * end));
            var parameters = new WindowParameters(
                    selector,
                    times,
                    FixedWindows.startingAt(random.nextLong(end), 1 + random.nextLong(end / 3)),
                    random.nextBoolean() ? QUANTILES : new double[0],
                    random.nextBoolean(),
                    grouping,
                    random.nextBoolean());
            var readings = ReferenceReadings.select(stored, selector, times, Order.OLDEST_FIRST).stream()
                    .filter(reading -> parameters.includeImplausible()
                            || CATALOGUE.plausible(reading.series()).contains(reading.value()))
                    .toList();
            assertWindows(aggregation, parameters, readings, groups(stored, selector, grouping));
            assertStatistics(aggregation, parameters, readings);
        }
    }

    private List<Columns> randomStay(int count, int size, long end) {
        var all = new HashSet<Series>();
        all.add(series("ada", "d0", HEART_RATE));
        while (all.size() < count) {
            var patient = random.nextInt(5) == 0 ? "bob" : "ada";
            all.add(series(patient, "d" + random.nextInt(count), CODES.get(random.nextInt(3))));
        }
        return all.stream()
                .map(series ->
                        randomColumns(random, series, 1 + random.nextInt(random.nextInt(4) == 0 ? 3 : size), end))
                .toList();
    }

    private static Set<SeriesGroup> groups(Collection<Columns> stored, SeriesSelector selector, Grouping grouping) {
        return stored.stream()
                .map(Columns::series)
                .filter(series -> selector.subject().covers(series) && selector.matches(series))
                .map(grouping::of)
                .collect(Collectors.toSet());
    }

    private static Map<SeriesGroup, List<Reading>> byGroup(List<Reading> readings, Grouping grouping) {
        return readings.stream()
                .collect(Collectors.groupingBy(r -> grouping.of(r.series()), TreeMap::new, Collectors.toList()));
    }

    private static void assertWindows(
            AggregateQuery aggregation, WindowParameters parameters, List<Reading> readings, Set<SeriesGroup> groups) {
        var expected = new TreeMap<SeriesGroup, Map<Long, List<Reading>>>();
        if (parameters.fillEmpty()) {
            groups.forEach(group -> expected.put(group, emptyWindows(parameters)));
        }
        byGroup(readings, parameters.grouping()).forEach((group, readingsOfGroup) -> {
            var windows = expected.computeIfAbsent(group, _ -> new TreeMap<>());
            for (var reading : readingsOfGroup) {
                windows.computeIfAbsent(startOf(reading.time(), parameters), _ -> new ArrayList<>())
                        .add(reading);
            }
        });
        expected.values().removeIf(Map::isEmpty);

        var results = await(aggregation
                .windows(parameters, AnswerBudget.unbounded().open("somebody"))
                .collect()
                .asList());
        var actual =
                results.stream().collect(Collectors.groupingBy(GroupWindows::group, TreeMap::new, Collectors.toList()));
        assertThat(actual.keySet()).isEqualTo(expected.keySet());
        expected.forEach((group, windows) -> assertWindowsOf(actual.get(group), windows, parameters.quantiles()));
    }

    private static Map<Long, List<Reading>> emptyWindows(WindowParameters parameters) {
        var windows = new TreeMap<Long, List<Reading>>();
        if (!parameters.range().isEmpty()) {
            for (long start = startOf(parameters.range().from(), parameters);
                    start < parameters.range().to();
                    start += ((FixedWindows) parameters.grid()).width()) {
                windows.put(start, new ArrayList<>());
            }
        }
        return windows;
    }

    private static long startOf(long time, WindowParameters parameters) {
        var windows = (FixedWindows) parameters.grid();
        return time - Math.floorMod(time - windows.origin(), windows.width());
    }

    private static void assertWindowsOf(
            List<GroupWindows> results, Map<Long, List<Reading>> expected, double[] quantiles) {
        var remaining = new TreeMap<>(expected);
        for (var result : results) {
            assertThat(result.startTimes()).hasSameSizeAs(result.statistics().toArray());
            assertThat(result.startTimes().length).isBetween(1, WindowAssembler.MAX_WINDOWS_PER_RESULT);
            for (int i = 0; i < result.startTimes().length; i++) {
                var window = remaining.pollFirstEntry();
                assertThat(result.startTimes()[i]).isEqualTo(window.getKey());
                if (window.getValue().isEmpty()) {
                    ReferenceStatistics.assertEmpty(result.statistics().get(i), quantiles.length);
                } else {
                    ReferenceStatistics.assertMatches(result.statistics().get(i), window.getValue(), quantiles);
                }
            }
        }
        assertThat(remaining).isEmpty();
    }

    private static void assertStatistics(
            AggregateQuery aggregation, WindowParameters parameters, List<Reading> readings) {
        var statistics = await(aggregation.statistics(
                new AggregateQuery.StatisticsParameters(
                        parameters.selector(),
                        parameters.range(),
                        parameters.quantiles(),
                        parameters.grouping(),
                        parameters.includeImplausible()),
                AnswerBudget.unbounded().open("somebody")));
        var expected = byGroup(readings, parameters.grouping());
        assertThat(statistics).extracting(GroupStatistics::group).containsExactlyElementsOf(expected.keySet());
        for (var group : statistics) {
            ReferenceStatistics.assertMatches(group.statistics(), expected.get(group.group()), parameters.quantiles());
        }
    }
}
