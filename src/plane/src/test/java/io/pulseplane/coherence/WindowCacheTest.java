package io.pulseplane.coherence;

import static io.pulseplane.ReadingFixtures.HEART_RATE;
import static io.pulseplane.ReadingFixtures.TIMEOUT;
import static io.pulseplane.ReadingFixtures.appendAll;
import static io.pulseplane.ReadingFixtures.await;
import static io.pulseplane.ReadingFixtures.oneReading;
import static io.pulseplane.ReadingFixtures.randomColumns;
import static io.pulseplane.ReadingFixtures.regularColumns;
import static io.pulseplane.ReadingFixtures.series;
import static org.assertj.core.api.Assertions.assertThat;

import io.pulseplane.store.CalendarWindows;
import io.pulseplane.store.FixedWindows;
import io.pulseplane.store.TestSite;
import io.pulseplane.store.WindowAggregates;
import io.pulseplane.store.WindowGrid;
import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.Series;
import io.pulseplane.vitals.TimeRange;
import io.pulseplane.vitals.ValueRange;
import io.smallrye.mutiny.Uni;
import java.time.Duration;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.assertj.core.data.Index;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What one plane of a site caches of windows, and what it does not. */
class WindowCacheTest {

    private static final Series ADAS = series("ada", "d1", HEART_RATE);
    private static final long SECOND = 1_000_000;
    private static final WindowGrid GRID = FixedWindows.startingAtEpoch(10 * SECOND);
    private static final long NOW = 95 * SECOND;
    private static final int ALL = 1_000;
    private static final long SEED = Long.getLong("windows.seed", 20_261_122);

    private final PausableStore store = new PausableStore();
    private final AtomicLong clock = new AtomicLong(NOW);
    private final TestSite site = new TestSite();
    private final WindowCache windows = new WindowCache(1 << 20, Duration.ofMinutes(5));
    private final WindowSource source = windows.windowSource(store, site, clock::get);

    @BeforeEach
    void ninetyReadings() {
        appendAll(store, regularColumns(SECOND, 94, ADAS));
    }

    private void put(Columns columns) {
        appendAll(store, columns);
        windows.invalidateSince(columns.series(), columns.firstTime());
    }

    private WindowAggregates ask(long from, long to) {
        return await(source.aggregate(ADAS, new TimeRange(from, to), ValueRange.ALL, GRID, ALL));
    }

    private void assertAsStored(Series series, TimeRange range, WindowGrid grid, int limit) {
        assertThat(await(source.aggregate(series, range, ValueRange.ALL, grid, limit)))
                .usingRecursiveComparison()
                .isEqualTo(await(store.aggregate(series, range, ValueRange.ALL, grid, limit)));
    }

    private void assertAsStored(long from, long to) {
        assertAsStored(ADAS, new TimeRange(from, to), GRID, ALL);
    }

    @Test
    void a_repeated_query_reads_only_the_window_of_the_current_time() {
        assertAsStored(10 * SECOND, NOW);
        store.readRanges().clear();
        ask(10 * SECOND, NOW);
        assertThat(store.readRanges()).containsExactly(new TimeRange(90 * SECOND, NOW));
        assertThat(windows.hits()).isEqualTo(1);
        assertThat(windows.misses()).isEqualTo(1);
    }

    @Test
    void as_time_goes_on_only_newly_ended_windows_are_read() {
        ask(0, NOW);
        clock.set(115 * SECOND);
        store.readRanges().clear();
        assertAsStored(0, 115 * SECOND);
        store.readRanges().clear();
        ask(20 * SECOND, 115 * SECOND);
        assertThat(store.readRanges()).containsExactly(new TimeRange(110 * SECOND, 115 * SECOND));
    }

    @Test
    void windows_that_a_range_cuts_off_are_not_cached() {
        assertAsStored(13 * SECOND, 57 * SECOND);
        store.readRanges().clear();
        assertAsStored(10 * SECOND, 60 * SECOND);
        assertThat(store.readRanges()).contains(new TimeRange(10 * SECOND, 60 * SECOND));
    }

    @Test
    void a_reading_in_the_current_window_evicts_no_other_window() {
        ask(0, NOW);
        put(oneReading(ADAS, 94 * SECOND + 1, 66));
        store.readRanges().clear();
        ask(0, NOW);
        assertThat(store.readRanges()).containsExactly(new TimeRange(90 * SECOND, NOW));
    }

    @Test
    void a_late_reading_is_in_the_next_answer() {
        ask(0, NOW);
        put(oneReading(ADAS, 42 * SECOND + 1, 66));
        assertAsStored(0, NOW);
    }

    @Test
    void windows_that_are_not_fresh_are_read_again() {
        ask(0, NOW);
        appendAll(store, oneReading(ADAS, 42 * SECOND + 1, 66));
        site.invalidateAll();
        assertAsStored(0, NOW);
    }

    @Test
    void windows_older_than_their_ttl_are_read_again() {
        var expired = new WindowCache(1 << 20, Duration.ZERO).windowSource(store, site, clock::get);
        await(expired.aggregate(ADAS, new TimeRange(0, NOW), ValueRange.ALL, GRID, ALL));
        store.readRanges().clear();
        await(expired.aggregate(ADAS, new TimeRange(0, NOW), ValueRange.ALL, GRID, ALL));
        assertThat(store.readRanges()).contains(new TimeRange(0, 90 * SECOND));
    }

    @Test
    void a_reading_that_becomes_durable_during_a_read_is_in_the_next_answer() {
        store.holdAnswers();
        var pending = source.aggregate(ADAS, new TimeRange(0, NOW), ValueRange.ALL, GRID, ALL)
                .subscribeAsCompletionStage();
        put(oneReading(ADAS, 42 * SECOND + 1, 66));
        store.releaseAnswers();
        pending.orTimeout(TIMEOUT.toSeconds(), TimeUnit.SECONDS).join();
        assertAsStored(0, NOW);
    }

    @Test
    void a_query_after_a_reading_became_durable_does_not_join_an_earlier_read() {
        store.holdAnswers();
        var before = source.aggregate(ADAS, new TimeRange(0, NOW), ValueRange.ALL, GRID, ALL)
                .subscribeAsCompletionStage();
        put(oneReading(ADAS, 42 * SECOND + 1, 66));
        var after = source.aggregate(ADAS, new TimeRange(0, NOW), ValueRange.ALL, GRID, ALL)
                .subscribeAsCompletionStage();
        store.releaseAnswers();
        assertThat(before.join().counts()[4]).isEqualTo(10);
        assertThat(after.join().counts()[4]).isEqualTo(11);
    }

    @Test
    void a_hundred_concurrent_misses_cause_one_read() {
        store.holdAnswers();
        var answers = IntStream.range(0, 100)
                .mapToObj(_ -> source.aggregate(ADAS, new TimeRange(0, NOW), ValueRange.ALL, GRID, ALL)
                        .subscribeAsCompletionStage())
                .toList();
        store.releaseAnswers();
        CompletableFuture.allOf(answers.toArray(CompletableFuture[]::new)).join();
        assertThat(store.readRanges())
                .containsExactlyInAnyOrder(new TimeRange(0, 90 * SECOND), new TimeRange(90 * SECOND, NOW));
    }

    @Test
    void windows_of_other_counted_values_are_other_windows() {
        put(oneReading(ADAS, 25 * SECOND + 1, 0));
        var plausible = new ValueRange(20, 300);
        for (var counted : List.of(ValueRange.ALL, plausible, new ValueRange(0, 1), plausible, ValueRange.ALL)) {
            assertThat(await(source.aggregate(ADAS, new TimeRange(0, 90 * SECOND), counted, GRID, ALL)))
                    .usingRecursiveComparison()
                    .isEqualTo(await(store.aggregate(ADAS, new TimeRange(0, 90 * SECOND), counted, GRID, ALL)));
        }
        assertThat(windows.misses()).isEqualTo(3);
        assertThat(windows.hits()).isEqualTo(2);
    }

    @Test
    void a_late_reading_is_in_the_next_answer_whatever_values_count() {
        var range = new TimeRange(0, 90 * SECOND);
        var plausible = new ValueRange(20, 300);
        await(source.aggregate(ADAS, range, plausible, GRID, ALL));
        await(source.aggregate(ADAS, range, ValueRange.ALL, GRID, ALL));
        put(oneReading(ADAS, 25 * SECOND + 1, 0));
        put(oneReading(ADAS, 25 * SECOND + 2, 60));
        assertThat(await(source.aggregate(ADAS, range, plausible, GRID, ALL)).counts())
                .contains(11, Index.atIndex(2));
        assertThat(await(source.aggregate(ADAS, range, ValueRange.ALL, GRID, ALL))
                        .counts())
                .contains(12, Index.atIndex(2));
    }

    @Test
    void a_read_is_cancelled_when_its_last_subscriber_leaves() {
        var stopped = new AtomicBoolean();
        var patient = new PausableStore() {
            @Override
            public Uni<WindowAggregates> aggregate(
                    Series series, TimeRange range, ValueRange counted, WindowGrid grid, int limit) {
                return Uni.createFrom().emitter(answer -> answer.onTermination(() -> stopped.set(true)));
            }
        };
        var slow = windows.windowSource(patient, site, clock::get);
        var range = new TimeRange(0, 90 * SECOND);
        var first = slow.aggregate(ADAS, range, ValueRange.ALL, GRID, ALL)
                .subscribe()
                .with(_ -> {});
        var second = slow.aggregate(ADAS, range, ValueRange.ALL, GRID, ALL)
                .subscribe()
                .with(_ -> {});
        first.cancel();
        assertThat(stopped).isFalse();
        second.cancel();
        assertThat(stopped).isTrue();
    }

    @Test
    void nothing_of_an_evicted_patient_stays_cached_not_even_a_pending_read() {
        var bobs = series("bob", "d2", HEART_RATE);
        appendAll(store, regularColumns(SECOND, 94, bobs));
        await(source.aggregate(bobs, new TimeRange(0, NOW), ValueRange.ALL, GRID, ALL));
        long bytes = windows.bytes();
        store.holdAnswers();
        var pending = source.aggregate(ADAS, new TimeRange(0, NOW), ValueRange.ALL, GRID, ALL)
                .subscribeAsCompletionStage();
        windows.evictPatient("ada");
        store.releaseAnswers();
        pending.join();
        assertThat(windows.bytes()).isEqualTo(bytes);
    }

    @Test
    void memory_has_a_bound() {
        var small = new WindowCache(20_000, Duration.ofMinutes(5));
        var bounded = small.windowSource(store, site, clock::get);
        Stream.iterate(0, i -> i < 200, i -> i + 1).forEach(i -> {
            var series = series("p" + i, "d" + i, HEART_RATE);
            appendAll(store, regularColumns(SECOND, 94, series));
            await(bounded.aggregate(
                    series, new TimeRange(0, NOW), ValueRange.ALL, FixedWindows.startingAtEpoch(SECOND), ALL));
            assertThat(small.bytes()).isBetween(1L, 20_000L);
        });
    }

    @Test
    void answers_equal_those_of_the_store_for_random_queries_and_writes() {
        var random = new SplittableRandom(SEED);
        var grids = List.of(
                FixedWindows.startingAtEpoch(SECOND),
                FixedWindows.startingAt(3 * SECOND, 7 * SECOND),
                FixedWindows.startingAtEpoch(10 * SECOND),
                new CalendarWindows(
                        ZoneId.of("Europe/Berlin"), ChronoUnit.DAYS, 1, LocalDateTime.of(1970, 1, 1, 1, 1)));
        for (int step = 0; step < 3_000; step++) {
            var series = series("p" + random.nextInt(2), "d", HEART_RATE);
            if (random.nextInt(3) == 0) {
                var columns = randomColumns(random, series, 1 + random.nextInt(4), 200 * SECOND);
                if (!columns.isEmpty()) {
                    put(columns);
                }
            }
            clock.addAndGet(random.nextLong(SECOND / 10));
            long from = random.nextBoolean() ? 0 : random.nextLong(clock.get());
            long to = random.nextInt(4) == 0 ? Long.MAX_VALUE : from + random.nextLong(200 * SECOND);
            int limit = random.nextInt(4) == 0 ? 1 + random.nextInt(5) : ALL;
            assertAsStored(series, new TimeRange(from, to), grids.get(random.nextInt(grids.size())), limit);
        }
        assertThat(windows.hits()).as("-Dwindows.seed=%s", SEED).isPositive();
    }
}
