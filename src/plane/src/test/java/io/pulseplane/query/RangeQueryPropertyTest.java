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

import io.pulseplane.query.RangeQuery.Page;
import io.pulseplane.query.RangeQuery.Parameters;
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
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.LongSupplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** For random readings and queries, the pages must have the readings of a flat list, up to the limit. */
class RangeQueryPropertyTest {

    private static final List<String> CODES = List.of(HEART_RATE, RESPIRATORY_RATE, OXYGEN_SATURATION);

    private final SplittableRandom random = new SplittableRandom(20261124);

    @Test
    void holds_for_few_readings_that_share_their_times() {
        for (int round = 0; round < 300; round++) {
            assertHolds(new MemoryStore(() -> 0), randomStay(1 + random.nextInt(8), 40, 60), 60);
        }
    }

    @Test
    void holds_for_more_readings_than_a_page() {
        for (int round = 0; round < 3; round++) {
            assertHolds(new MemoryStore(() -> 0), randomStay(4, 20_000, 40_000), 40_000);
        }
    }

    @Test
    void holds_for_hundreds_of_series() {
        for (int round = 0; round < 2; round++) {
            assertHolds(new MemoryStore(() -> 0), randomStay(300, 500, 3_000), 3_000);
        }
    }

    @Test
    void holds_on_disk(@TempDir Path directory) {
        for (int round = 0; round < 5; round++) {
            var store = EdgeStore.open(directory.resolve("round-" + round), 2, () -> 0);
            assertHolds(store, randomStay(1 + random.nextInt(8), 200, 300), 300);
            store.close();
        }
        var store = EdgeStore.open(directory.resolve("large"), 2, () -> 0);
        assertHolds(store, randomStay(3, 20_000, 50_000), 50_000);
        store.close();
    }

    /** Generates readings of two patients and a few devices; some series have very few. */
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

    private void assertHolds(Store store, List<Columns> stored, long end) {
        appendAll(store, stored);
        var query = new RangeQuery(store);
        for (int i = 0; i < 6; i++) {
            var order = Order.values()[random.nextInt(2)];
            var range = new Parameters(randomSelector(), randomTimes(end), order);
            var expected = ReferenceReadings.select(stored, range.selector(), range.range(), order);
            assertAnswers(query, range, expected);
            assertLimits(query, range, expected);
            assertPages(query, range, expected);
        }
    }

    private SeriesSelector randomSelector() {
        Subject subject = random.nextInt(4) == 0 ? new Subject.OfDevice("d0") : ADA;
        return new SeriesSelector(
                subject, random.nextBoolean() ? Set.of() : Set.of(HEART_RATE, CODES.get(random.nextInt(1, 3))));
    }

    private TimeRange randomTimes(long end) {
        if (random.nextInt(3) == 0) {
            return TimeRange.ALL;
        }
        long from = random.nextLong(end);
        return new TimeRange(from, from + random.nextLong(end));
    }

    /** Checks the whole answer, and the rest of it after each page token. */
    private void assertAnswers(RangeQuery query, Parameters range, List<Reading> expected) {
        var pages = execute(query, range, "", Long.MAX_VALUE);
        int size = assertContinues(pages, range, expected, 0);
        assertThat(size).isEqualTo(expected.size());
        int position = 0;
        for (var page : pages) {
            position += flat(page, range).size();
            assertThat(page.pageToken().isEmpty()).isEqualTo(position == expected.size());
            if (!page.pageToken().isEmpty()) {
                var remaining = execute(query, range, page.pageToken(), Long.MAX_VALUE);
                assertThat(assertContinues(remaining, range, expected, position))
                        .isEqualTo(expected.size());
            }
        }
    }

    private void assertLimits(RangeQuery query, Parameters range, List<Reading> expected) {
        for (LongSupplier limits :
                List.<LongSupplier>of(() -> 1, () -> expected.size(), () -> 1 + random.nextLong(expected.size() + 2))) {
            long limit = Math.max(1, limits.getAsLong());
            var pages = execute(query, range, "", limit);
            int size = assertContinues(pages, range, expected, 0);
            assertThat((long) size).isEqualTo(Math.min(limit, expected.size()));
            boolean hasMore = !pages.isEmpty() && !pages.getLast().pageToken().isEmpty();
            assertThat(hasMore).isEqualTo(size < expected.size());
        }
    }

    /** Reads page by page, each with another limit: every reading must come once. */
    private void assertPages(RangeQuery query, Parameters range, List<Reading> expected) {
        int mean = 1 + expected.size() / 10;
        int position = 0;
        var token = "";
        do {
            long limit = 1 + random.nextLong(2L * mean);
            var pages = execute(query, range, token, limit);
            int next = assertContinues(pages, range, expected, position);
            assertThat((long) next - position).isEqualTo(Math.min(limit, expected.size() - position));
            position = next;
            token = pages.isEmpty() ? "" : pages.getLast().pageToken();
        } while (!token.isEmpty());
        assertThat(position).isEqualTo(expected.size());
    }

    private static List<Page> execute(RangeQuery query, Parameters range, String token, long limit) {
        return await(query.execute(range, token, limit, AnswerBudget.unbounded().open("somebody"))
                .collect()
                .asList());
    }

    /** Checks that the pages have the expected readings from a position on; returns the position after them. */
    private static int assertContinues(List<Page> pages, Parameters range, List<Reading> expected, int position) {
        for (var page : pages) {
            var seriesOfPage = new ArrayList<Series>();
            for (var columns : page.columns()) {
                assertThat(columns.isEmpty()).isFalse();
                assertThat(isInOrder(columns, range.order())).isTrue();
                seriesOfPage.add(columns.series());
            }
            assertThat(seriesOfPage).isNotEmpty().doesNotHaveDuplicates().isSorted();
            var flat = flat(page, range);
            assertThat(position + flat.size()).isLessThanOrEqualTo(expected.size());
            // Compared without AssertJ, which would take most of the time of the test to prepare a description.
            assertThat(flat.equals(expected.subList(position, position + flat.size())))
                    .as("readings from %s on of %s", position, range)
                    .isTrue();
            position += flat.size();
        }
        return position;
    }

    private static List<Reading> flat(Page page, Parameters range) {
        return ReferenceReadings.flatten(page.columns(), range.order());
    }

    private static boolean isInOrder(Columns columns, Order order) {
        return IntStream.range(1, columns.size())
                .allMatch(i -> order.compare(columns.times()[i - 1], columns.times()[i]) < 0);
    }
}
