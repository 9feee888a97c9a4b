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

/** Whatever is stored and asked: the chunks, one after the other, are the flat list of readings, cut at the limit. */
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

    /** Series of two patients and a few devices; some of them hardly have readings. */
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
            var range = new Parameters(randomQuestion(), randomTimes(end), order);
            var expected = ReferenceReadings.select(stored, range.selector(), range.range(), order);
            assertAnswers(query, range, expected);
            assertLimits(query, range, expected);
            assertPages(query, range, expected);
        }
    }

    private SeriesSelector randomQuestion() {
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

    /** The whole answer, and what each of its tokens leads on to. */
    private void assertAnswers(RangeQuery query, Parameters range, List<Reading> expected) {
        var chunks = ask(query, range, "", Long.MAX_VALUE);
        int size = assertContinues(chunks, range, expected, 0);
        assertThat(size).isEqualTo(expected.size());
        int position = 0;
        for (var chunk : chunks) {
            position += flat(chunk, range).size();
            assertThat(chunk.pageToken().isEmpty()).isEqualTo(position == expected.size());
            if (!chunk.pageToken().isEmpty()) {
                var rest = ask(query, range, chunk.pageToken(), Long.MAX_VALUE);
                assertThat(assertContinues(rest, range, expected, position)).isEqualTo(expected.size());
            }
        }
    }

    private void assertLimits(RangeQuery query, Parameters range, List<Reading> expected) {
        for (LongSupplier limits :
                List.<LongSupplier>of(() -> 1, () -> expected.size(), () -> 1 + random.nextLong(expected.size() + 2))) {
            long limit = Math.max(1, limits.getAsLong());
            var chunks = ask(query, range, "", limit);
            int size = assertContinues(chunks, range, expected, 0);
            assertThat((long) size).isEqualTo(Math.min(limit, expected.size()));
            boolean more = !chunks.isEmpty() && !chunks.getLast().pageToken().isEmpty();
            assertThat(more).isEqualTo(size < expected.size());
        }
    }

    /** Page by page, each of a limit of its own, everything comes once. */
    private void assertPages(RangeQuery query, Parameters range, List<Reading> expected) {
        int mean = 1 + expected.size() / 10;
        int position = 0;
        var token = "";
        do {
            long limit = 1 + random.nextLong(2L * mean);
            var chunks = ask(query, range, token, limit);
            int next = assertContinues(chunks, range, expected, position);
            assertThat((long) next - position).isEqualTo(Math.min(limit, expected.size() - position));
            position = next;
            token = chunks.isEmpty() ? "" : chunks.getLast().pageToken();
        } while (!token.isEmpty());
        assertThat(position).isEqualTo(expected.size());
    }

    private static List<Page> ask(RangeQuery query, Parameters range, String token, long limit) {
        return await(query.execute(range, token, limit).collect().asList());
    }

    /** The chunks go on with the expected readings from a position on; returns the position after them. */
    private static int assertContinues(List<Page> chunks, Parameters range, List<Reading> expected, int position) {
        for (var chunk : chunks) {
            var seen = new ArrayList<Series>();
            for (var columns : chunk.columns()) {
                assertThat(columns.isEmpty()).isFalse();
                assertThat(isInOrder(columns, range.order())).isTrue();
                seen.add(columns.series());
            }
            assertThat(seen).isNotEmpty().doesNotHaveDuplicates().isSorted();
            var flat = flat(chunk, range);
            assertThat(position + flat.size()).isLessThanOrEqualTo(expected.size());
            // Compared without AssertJ, which would take most of the time to look for what it need not describe.
            assertThat(flat.equals(expected.subList(position, position + flat.size())))
                    .as("readings from %s on of %s", position, range)
                    .isTrue();
            position += flat.size();
        }
        return position;
    }

    private static List<Reading> flat(Page chunk, Parameters range) {
        return ReferenceReadings.flatten(chunk.columns(), range.order());
    }

    private static boolean isInOrder(Columns columns, Order order) {
        return IntStream.range(1, columns.size())
                .allMatch(i -> order.compare(columns.times()[i - 1], columns.times()[i]) < 0);
    }
}
