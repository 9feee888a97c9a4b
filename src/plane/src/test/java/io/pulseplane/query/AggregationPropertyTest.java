package io.pulseplane.query;

import static io.pulseplane.Readings.ADA;
import static io.pulseplane.Readings.BREATH;
import static io.pulseplane.Readings.OXYGEN;
import static io.pulseplane.Readings.PULSE;
import static io.pulseplane.Readings.await;
import static io.pulseplane.Readings.keep;
import static io.pulseplane.Readings.random;
import static io.pulseplane.Readings.series;
import static org.assertj.core.api.Assertions.assertThat;

import io.pulseplane.query.Aggregation.Statistics;
import io.pulseplane.query.Aggregation.Windowed;
import io.pulseplane.query.Group.Grouping;
import io.pulseplane.store.Store;
import io.pulseplane.store.edge.EdgeStore;
import io.pulseplane.store.memory.MemoryStore;
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

/** Whatever is stored and asked: windows and statistics are what a flat list of readings gives, window by window. */
class AggregationPropertyTest {

    private static final List<String> CODES = List.of(PULSE, BREATH, OXYGEN);
    private static final double[] QUANTILES = {0.5, 0.05, 1};

    private final SplittableRandom random = new SplittableRandom(20261128);

    @Test
    void holds_for_few_readings_that_share_windows_and_times() {
        for (int round = 0; round < 150; round++) {
            assertHolds(new MemoryStore(() -> 0), 1 + random.nextInt(8), 40, 200);
        }
    }

    /** Windows then span slices, and one series is far ahead of another. */
    @Test
    void holds_for_more_readings_than_a_page() {
        assertHolds(new MemoryStore(() -> 0), 4, 20_000, 40_000);
    }

    @Test
    void holds_on_disk(@TempDir Path directory) {
        try (var store = new Closing(EdgeStore.open(directory, 2, () -> 0))) {
            assertHolds(store.store, 6, 500, 2_000);
        }
    }

    private record Closing(Store store) implements AutoCloseable {
        @Override
        public void close() {
            store.close();
        }
    }

    private void assertHolds(Store store, int count, int size, long end) {
        var stored = randomStay(count, size, end);
        keep(store, stored);
        var aggregation = new Aggregation(store);
        for (int i = 0; i < 4; i++) {
            Subject subject = random.nextInt(4) == 0 ? new Subject.OfDevice("d0") : ADA;
            var question = new Question(subject, random.nextBoolean() ? Set.of() : Set.of(PULSE, BREATH));
            var grouping = Grouping.values()[random.nextInt(2)];
            long from = random.nextLong(-end / 4, end);
            var times = new TimeRange(from, from + random.nextLong(2 * end));
            var asked = new Windowed(
                    question, times, 1 + random.nextLong(end / 3), QUANTILES, random.nextBoolean(), grouping);
            var readings = Flat.answer(stored, question, times, Order.OLDEST_FIRST);
            assertWindows(aggregation, asked, readings, groups(stored, question, grouping));
            assertStatistics(aggregation, asked, readings);
        }
    }

    private List<Columns> randomStay(int count, int size, long end) {
        var all = new HashSet<Series>();
        all.add(series("ada", "d0", PULSE));
        while (all.size() < count) {
            var patient = random.nextInt(5) == 0 ? "bob" : "ada";
            all.add(series(patient, "d" + random.nextInt(count), CODES.get(random.nextInt(3))));
        }
        return all.stream()
                .map(series -> random(random, series, 1 + random.nextInt(random.nextInt(4) == 0 ? 3 : size), end))
                .toList();
    }

    private static Set<Group> groups(Collection<Columns> stored, Question question, Grouping grouping) {
        return stored.stream()
                .map(Columns::series)
                .filter(series -> question.subject().covers(series) && question.covers(series))
                .map(grouping::of)
                .collect(Collectors.toSet());
    }

    private static Map<Group, List<Reading>> byGroup(List<Reading> readings, Grouping grouping) {
        return readings.stream()
                .collect(Collectors.groupingBy(r -> grouping.of(r.series()), TreeMap::new, Collectors.toList()));
    }

    private static void assertWindows(
            Aggregation aggregation, Windowed asked, List<Reading> readings, Set<Group> groups) {
        var expected = new TreeMap<Group, TreeMap<Long, List<Reading>>>();
        if (asked.fillEmpty()) {
            groups.forEach(group -> expected.put(group, emptyWindows(asked)));
        }
        byGroup(readings, asked.grouping()).forEach((group, ofGroup) -> {
            var windows = expected.computeIfAbsent(group, _ -> new TreeMap<>());
            for (var reading : ofGroup) {
                windows.computeIfAbsent(startOf(reading.time(), asked), _ -> new ArrayList<>())
                        .add(reading);
            }
        });
        expected.values().removeIf(Map::isEmpty);

        var chunks = await(aggregation.windows(asked).collect().asList());
        var actual = chunks.stream().collect(Collectors.groupingBy(Windows::group, TreeMap::new, Collectors.toList()));
        assertThat(actual.keySet()).isEqualTo(expected.keySet());
        expected.forEach((group, windows) -> assertWindowsOf(actual.get(group), windows));
    }

    private static TreeMap<Long, List<Reading>> emptyWindows(Windowed asked) {
        var windows = new TreeMap<Long, List<Reading>>();
        if (!asked.times().isEmpty()) {
            for (long start = startOf(asked.times().from(), asked);
                    start < asked.times().to();
                    start += asked.width()) {
                windows.put(start, new ArrayList<>());
            }
        }
        return windows;
    }

    private static long startOf(long time, Windowed asked) {
        return time - Math.floorMod(time, asked.width());
    }

    private static void assertWindowsOf(List<Windows> chunks, TreeMap<Long, List<Reading>> expected) {
        var rest = new TreeMap<>(expected);
        for (var chunk : chunks) {
            assertThat(chunk.starts()).hasSameSizeAs(chunk.summaries().toArray());
            assertThat(chunk.starts().length).isBetween(1, Windowing.CHUNK);
            for (int i = 0; i < chunk.starts().length; i++) {
                var window = rest.pollFirstEntry();
                assertThat(chunk.starts()[i]).isEqualTo(window.getKey());
                if (window.getValue().isEmpty()) {
                    Plainly.assertIsOfNothing(chunk.summaries().get(i), QUANTILES.length);
                } else {
                    Plainly.assertSummarises(chunk.summaries().get(i), window.getValue(), QUANTILES);
                }
            }
        }
        assertThat(rest).isEmpty();
    }

    private static void assertStatistics(Aggregation aggregation, Windowed asked, List<Reading> readings) {
        var statistics =
                await(aggregation.statistics(asked.question(), asked.times(), asked.quantiles(), asked.grouping()));
        var expected = byGroup(readings, asked.grouping());
        assertThat(statistics).extracting(Statistics::group).containsExactlyElementsOf(expected.keySet());
        for (var of : statistics) {
            Plainly.assertSummarises(of.summary(), expected.get(of.group()), QUANTILES);
        }
    }
}
