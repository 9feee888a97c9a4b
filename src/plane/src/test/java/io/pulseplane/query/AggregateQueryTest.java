package io.pulseplane.query;

import static io.pulseplane.ReadingFixtures.ADA;
import static io.pulseplane.ReadingFixtures.HEART_RATE;
import static io.pulseplane.ReadingFixtures.RESPIRATORY_RATE;
import static io.pulseplane.ReadingFixtures.appendAll;
import static io.pulseplane.ReadingFixtures.await;
import static io.pulseplane.ReadingFixtures.columns;
import static io.pulseplane.ReadingFixtures.oneReading;
import static io.pulseplane.ReadingFixtures.regularColumns;
import static io.pulseplane.ReadingFixtures.series;
import static io.pulseplane.ReadingFixtures.times;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pulseplane.query.AggregateQuery.GroupStatistics;
import io.pulseplane.query.AggregateQuery.WindowParameters;
import io.pulseplane.query.SeriesGroup.Grouping;
import io.pulseplane.store.FixedWindows;
import io.pulseplane.store.Patient;
import io.pulseplane.vitals.Catalogue;
import io.pulseplane.vitals.Order;
import io.pulseplane.vitals.PlaneException;
import io.pulseplane.vitals.Series;
import io.pulseplane.vitals.Subject;
import io.pulseplane.vitals.TimeRange;
import io.smallrye.mutiny.helpers.test.AssertSubscriber;
import java.util.List;
import java.util.Set;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class AggregateQueryTest {

    private static final FixedWindows HUNDREDS = FixedWindows.startingAtEpoch(100);

    private static final long SECOND = 1_000_000;
    private static final Series HEART_RATE_OF_ADA = series("ada", "d1", HEART_RATE);
    private static final Series RESPIRATION_OF_ADA = series("ada", "d1", RESPIRATORY_RATE);
    private static final SeriesGroup HEART_RATE_GROUP = new SeriesGroup(HEART_RATE, "/min", "", "");

    private final RecordingStore store = new RecordingStore();
    private final AggregateQuery aggregation = new AggregateQuery(store, Catalogue.none());

    private static WindowParameters windowed(TimeRange times, long width, boolean fillEmpty, double... quantiles) {
        return new WindowParameters(
                new SeriesSelector(ADA, Set.of()),
                times,
                FixedWindows.startingAtEpoch(width),
                quantiles,
                fillEmpty,
                Grouping.BY_CODE,
                false);
    }

    private List<GroupWindows> windows(WindowParameters parameters) {
        return await(aggregation
                .windows(parameters, AnswerBudget.unbounded().open("somebody"))
                .collect()
                .asList());
    }

    /** Returns the single result. */
    private GroupWindows singleResult(WindowParameters parameters) {
        var results = windows(parameters);
        assertThat(results).hasSize(1);
        return results.getFirst();
    }

    private static long[] counts(GroupWindows windows) {
        return windows.statistics().stream().mapToLong(RunningStatistics::count).toArray();
    }

    private static double[] means(GroupWindows windows) {
        return windows.statistics().stream()
                .mapToDouble(RunningStatistics::mean)
                .toArray();
    }

    @Nested
    class TheWindows {

        @Test
        void are_aligned_to_the_epoch_and_half_open() {
            appendAll(store, columns(HEART_RATE_OF_ADA, times(99, 100, 199, 200), 60, 61, 62, 63));
            var windows = singleResult(windowed(TimeRange.ALL, 100, false));
            assertThat(windows.group()).isEqualTo(HEART_RATE_GROUP);
            assertThat(windows.grid()).isEqualTo(HUNDREDS);
            assertThat(windows.startTimes()).containsExactly(0, 100, 200);
            assertThat(counts(windows)).containsExactly(1, 2, 1);
            assertThat(means(windows)).containsExactly(60, 61.5, 63);
        }

        @Test
        void at_the_ends_of_the_range_keep_their_start_and_exclude_readings_outside() {
            appendAll(store, regularColumns(10, 40, HEART_RATE_OF_ADA));
            var windows = singleResult(windowed(new TimeRange(150, 310), 100, false));
            assertThat(windows.startTimes()).containsExactly(100, 200, 300);
            assertThat(counts(windows)).containsExactly(5, 10, 1);
        }

        @Test
        void without_readings_are_left_out_or_filled_in() {
            appendAll(store, columns(HEART_RATE_OF_ADA, times(250, 550), 60, 61));
            var range = new TimeRange(50, 701);
            assertThat(singleResult(windowed(range, 100, false)).startTimes()).containsExactly(200, 500);

            var filled = singleResult(windowed(range, 100, true, 0.5));
            assertThat(filled.startTimes()).containsExactly(0, 100, 200, 300, 400, 500, 600, 700);
            assertThat(counts(filled)).containsExactly(0, 0, 1, 0, 0, 1, 0, 0);
            for (int empty : new int[] {0, 1, 3, 4, 6, 7}) {
                ReferenceStatistics.assertEmpty(filled.statistics().get(empty), 1);
            }
        }

        @Test
        void are_filled_in_also_for_groups_without_readings_in_the_range() {
            appendAll(store, oneReading(HEART_RATE_OF_ADA, 50, 60), oneReading(RESPIRATION_OF_ADA, 950, 14));
            var results = windows(windowed(new TimeRange(0, 200), 100, true));
            assertThat(results)
                    .extracting(w -> w.group().code())
                    .containsExactlyInAnyOrder(HEART_RATE, RESPIRATORY_RATE);
            assertThat(results)
                    .allSatisfy(windows -> assertThat(windows.startTimes()).containsExactly(0, 100));
        }

        @Test
        void before_the_epoch_are_aligned_too() {
            appendAll(store, oneReading(HEART_RATE_OF_ADA, 50, 60));
            assertThat(singleResult(windowed(new TimeRange(-250, 100), 100, true))
                            .startTimes())
                    .containsExactly(-300, -200, -100, 0);
            assertThat(singleResult(windowed(new TimeRange(-250, -200), 100, true))
                            .startTimes())
                    .containsExactly(-300);
        }

        @Test
        void of_an_empty_range_are_empty() {
            appendAll(store, oneReading(HEART_RATE_OF_ADA, 50, 60));
            assertThat(windows(windowed(new TimeRange(50, 50), 100, true))).isEmpty();
            assertThat(windows(windowed(new TimeRange(50, 50), 100, false))).isEmpty();
        }

        @Test
        void of_a_patient_without_readings_are_empty_and_an_unknown_patient_is_refused() {
            await(store.registry().putPatient(Patient.provisional("ada", 0)));
            assertThat(windows(windowed(new TimeRange(0, 1_000), 100, true))).isEmpty();
            var bob = new SeriesSelector(new Subject.OfPatient("bob"), Set.of());
            var parameters =
                    new WindowParameters(bob, TimeRange.ALL, HUNDREDS, new double[0], false, Grouping.BY_CODE, false);
            assertThatThrownBy(() -> windows(parameters)).isInstanceOf(PlaneException.NotFound.class);
            assertThatThrownBy(() -> await(aggregation.statistics(
                            new AggregateQuery.StatisticsParameters(
                                    bob, TimeRange.ALL, new double[0], Grouping.BY_CODE, false),
                            AnswerBudget.unbounded().open("somebody"))))
                    .isInstanceOf(PlaneException.NotFound.class);
        }

        @Test
        void combine_all_devices_of_a_code_or_keep_series_apart() {
            var otherDevice = series("ada", "d2", HEART_RATE);
            appendAll(
                    store,
                    columns(HEART_RATE_OF_ADA, times(10, 30), 60, 62),
                    columns(otherDevice, times(10, 40), 70, 72));
            var combined = singleResult(windowed(TimeRange.ALL, 100, false, 0.5));
            ReferenceStatistics.assertMatches(
                    combined.statistics().getFirst(),
                    ReferenceReadings.flatten(
                            List.of(
                                    columns(HEART_RATE_OF_ADA, times(10, 30), 60, 62),
                                    columns(otherDevice, times(10, 40), 70, 72)),
                            Order.OLDEST_FIRST),
                    0.5);

            var selector = new SeriesSelector(ADA, Set.of());
            var apart = windows(new WindowParameters(
                    selector, TimeRange.ALL, HUNDREDS, new double[0], false, Grouping.BY_SERIES, false));
            assertThat(apart)
                    .extracting(GroupWindows::group)
                    .containsExactly(
                            new SeriesGroup(HEART_RATE, "/min", "ada", "d1"),
                            new SeriesGroup(HEART_RATE, "/min", "ada", "d2"));
            assertThat(apart).extracting(w -> w.statistics().getFirst().mean()).containsExactly(61.0, 71.0);
        }

        @Test
        void keep_units_apart() {
            appendAll(
                    store,
                    oneReading(new Series("ada", "d1", "1-1", "kPa"), 10, 8),
                    oneReading(new Series("ada", "d1", "1-1", "mm[Hg]"), 10, 60));
            assertThat(windows(windowed(TimeRange.ALL, 100, false)))
                    .extracting(w -> w.group().unit())
                    .containsExactly("kPa", "mm[Hg]");
        }

        @Test
        void keep_the_digits_of_a_small_deviation_around_a_large_mean() {
            appendAll(store, columns(HEART_RATE_OF_ADA, times(1, 2, 3, 4), 1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16));
            var statistics = singleResult(windowed(TimeRange.ALL, 100, false))
                    .statistics()
                    .getFirst();
            assertThat(statistics.standardDeviation()).isEqualTo(5.477225575051661);
        }
    }

    @Nested
    class Results {

        @Test
        void have_a_maximum_number_of_windows() {
            int size = 2 * WindowAssembler.MAX_WINDOWS_PER_RESULT + 100;
            appendAll(store, regularColumns(10, size, HEART_RATE_OF_ADA));
            var results = windows(windowed(TimeRange.ALL, 10, false));
            assertThat(results)
                    .extracting(w -> w.statistics().size())
                    .containsExactly(
                            WindowAssembler.MAX_WINDOWS_PER_RESULT, WindowAssembler.MAX_WINDOWS_PER_RESULT, 100);
            assertThat(results)
                    .allSatisfy(w ->
                            assertThat(w.startTimes()).hasSize(w.statistics().size()));
            assertThat(results.stream()
                            .flatMapToLong(w -> LongStream.of(w.startTimes()))
                            .toArray())
                    .containsExactly(
                            LongStream.rangeClosed(1, size).map(i -> 10 * i).toArray());
        }

        @Test
        void are_computed_no_faster_than_they_are_requested() {
            appendAll(store, regularColumns(10, 100_000, HEART_RATE_OF_ADA));
            var subscriber = aggregation
                    .windows(
                            windowed(TimeRange.ALL, 10, false),
                            AnswerBudget.unbounded().open("somebody"))
                    .subscribe()
                    .withSubscriber(AssertSubscriber.<GroupWindows>create(0));
            assertThat(store.reads()).hasSizeLessThanOrEqualTo(1);
            subscriber.request(2);
            assertThat(subscriber.getItems()).hasSize(2);
            assertThat(store.reads()).hasSizeLessThanOrEqualTo(3);
            subscriber.request(Long.MAX_VALUE);
            subscriber.assertCompleted();
            assertThat(subscriber.getItems()).hasSize(25);
        }
    }

    @Nested
    class FillingIn {

        @Test
        void allows_a_million_windows_and_refuses_one_more() {
            appendAll(store, oneReading(HEART_RATE_OF_ADA, SECOND / 2, 60));
            long max = AggregateQuery.MAX_FILLED_WINDOWS;
            assertThat(countOf(windowed(new TimeRange(0, max * SECOND), SECOND, true)))
                    .isEqualTo(max);
            assertThat(countOf(windowed(new TimeRange(SECOND - 1, max * SECOND), SECOND, true)))
                    .isEqualTo(max);
            assertRefused(windowed(new TimeRange(0, max * SECOND + 1), SECOND, true));
            assertThat(countOf(windowed(new TimeRange(0, max * SECOND + 1), SECOND, false)))
                    .isEqualTo(1);
        }

        @Test
        void shares_the_million_between_groups() {
            appendAll(
                    store,
                    oneReading(HEART_RATE_OF_ADA, SECOND / 2, 60),
                    oneReading(RESPIRATION_OF_ADA, SECOND / 2, 14));
            long half = AggregateQuery.MAX_FILLED_WINDOWS / 2;
            assertThat(countOf(windowed(new TimeRange(0, half * SECOND), SECOND, true)))
                    .isEqualTo(2 * half);
            assertRefused(windowed(new TimeRange(0, half * SECOND + 1), SECOND, true));
        }

        @Test
        void is_refused_for_unbounded_ranges() {
            appendAll(store, oneReading(HEART_RATE_OF_ADA, SECOND / 2, 60));
            assertRefused(windowed(TimeRange.ALL, SECOND, true));
            assertRefused(windowed(TimeRange.ALL, 1, true));
            assertRefused(windowed(new TimeRange(-1, Long.MAX_VALUE), 1, true));
            assertRefused(windowed(new TimeRange(Long.MIN_VALUE, Long.MAX_VALUE), 1, true));
            assertRefused(windowed(new TimeRange(Long.MIN_VALUE, Long.MAX_VALUE), SECOND, true));
        }

        private long countOf(WindowParameters parameters) {
            return windows(parameters).stream()
                    .mapToLong(w -> w.statistics().size())
                    .sum();
        }

        private void assertRefused(WindowParameters parameters) {
            assertThatThrownBy(() -> windows(parameters))
                    .isInstanceOfSatisfying(
                            PlaneException.InvalidArgument.class,
                            e -> assertThat(e.violations().getFirst().field()).isEqualTo("fill_empty"));
        }
    }

    @Nested
    class OfAWholeRange {

        private List<GroupStatistics> statistics(TimeRange times, double... quantiles) {
            return await(aggregation.statistics(
                    new AggregateQuery.StatisticsParameters(
                            new SeriesSelector(ADA, Set.of()), times, quantiles, Grouping.BY_CODE, false),
                    AnswerBudget.unbounded().open("somebody")));
        }

        @Test
        void leave_out_groups_without_readings_in_it() {
            appendAll(
                    store,
                    columns(HEART_RATE_OF_ADA, times(10, 20, 30), 60, 61, 63),
                    oneReading(RESPIRATION_OF_ADA, 40, 14));
            var statistics = statistics(new TimeRange(10, 30), 0.5);
            assertThat(statistics).extracting(GroupStatistics::group).containsExactly(HEART_RATE_GROUP);
            assertThat(statistics.getFirst().statistics().mean()).isEqualTo(60.5);
            assertThat(statistics(new TimeRange(41, 1_000))).isEmpty();
        }

        @Test
        void come_in_the_order_of_groups() {
            appendAll(store, oneReading(RESPIRATION_OF_ADA, 10, 14), oneReading(HEART_RATE_OF_ADA, 10, 60));
            assertThat(statistics(TimeRange.ALL))
                    .extracting(s -> s.group().code())
                    .containsExactly(HEART_RATE, RESPIRATORY_RATE);
        }
    }
}
