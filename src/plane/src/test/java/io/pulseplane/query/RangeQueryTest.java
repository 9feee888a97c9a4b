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

import io.pulseplane.query.RangeQuery.Page;
import io.pulseplane.query.RangeQuery.Parameters;
import io.pulseplane.store.Device;
import io.pulseplane.store.Patient;
import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.Order;
import io.pulseplane.vitals.PlaneException;
import io.pulseplane.vitals.Series;
import io.pulseplane.vitals.Subject;
import io.pulseplane.vitals.TimeRange;
import io.smallrye.mutiny.helpers.test.AssertSubscriber;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class RangeQueryTest {

    /** Number of readings of one series that the query reads at once if there are few series. */
    private static final int PAGE = 16_384;

    private static final Series HEART_RATE_OF_ADA = series("ada", "d1", HEART_RATE);
    private static final Series HEART_RATE_OF_D2 = series("ada", "d2", HEART_RATE);
    private static final Series RESPIRATION_OF_ADA = series("ada", "d1", RESPIRATORY_RATE);
    private static final Parameters ALL = range(TimeRange.ALL, Order.OLDEST_FIRST);

    private final RecordingStore store = new RecordingStore();
    private final RangeQuery query = new RangeQuery(store);

    private static Parameters range(TimeRange times, Order order, String... codes) {
        return new Parameters(new SeriesSelector(ADA, Set.of(codes)), times, order);
    }

    private List<Page> execute(Parameters range, String token, long limit) {
        return await(query.execute(range, token, limit, AnswerBudget.unbounded().open("somebody"))
                .collect()
                .asList());
    }

    private List<Columns> columnsOf(Parameters range, long limit) {
        return execute(range, "", limit).stream()
                .flatMap(page -> page.columns().stream())
                .toList();
    }

    private static int size(Page page) {
        return page.columns().stream().mapToInt(Columns::size).sum();
    }

    @Nested
    class Answers {

        @Test
        void have_the_readings_of_the_half_open_range() {
            appendAll(store, columns(HEART_RATE_OF_ADA, times(10, 20, 30, 40), 60, 61, 62, 63));
            assertThat(columnsOf(range(new TimeRange(20, 40), Order.OLDEST_FIRST), Long.MAX_VALUE))
                    .containsExactly(columns(HEART_RATE_OF_ADA, times(20, 30), 61, 62));
            assertThat(columnsOf(range(new TimeRange(20, 40), Order.NEWEST_FIRST), Long.MAX_VALUE))
                    .containsExactly(columns(HEART_RATE_OF_ADA, times(30, 20), 62, 61));
        }

        @Test
        void have_the_series_in_their_order() {
            appendAll(
                    store,
                    regularColumns(10, 3, HEART_RATE_OF_D2),
                    regularColumns(10, 3, RESPIRATION_OF_ADA),
                    regularColumns(10, 3, HEART_RATE_OF_ADA));
            assertThat(columnsOf(ALL, Long.MAX_VALUE))
                    .containsExactly(
                            regularColumns(10, 3, HEART_RATE_OF_ADA),
                            regularColumns(10, 3, HEART_RATE_OF_D2),
                            regularColumns(10, 3, RESPIRATION_OF_ADA));
        }

        @Test
        void have_only_the_selected_series() {
            appendAll(
                    store,
                    regularColumns(10, 3, HEART_RATE_OF_ADA),
                    regularColumns(10, 3, RESPIRATION_OF_ADA),
                    regularColumns(10, 3, series("bob", "d1", HEART_RATE)));
            assertThat(columnsOf(range(TimeRange.ALL, Order.OLDEST_FIRST, HEART_RATE, "1-1"), Long.MAX_VALUE))
                    .containsExactly(regularColumns(10, 3, HEART_RATE_OF_ADA));
            var ofDevice = new Parameters(
                    new SeriesSelector(new Subject.OfDevice("d1"), Set.of(HEART_RATE)),
                    TimeRange.ALL,
                    Order.OLDEST_FIRST);
            assertThat(columnsOf(ofDevice, Long.MAX_VALUE))
                    .containsExactly(
                            regularColumns(10, 3, HEART_RATE_OF_ADA),
                            regularColumns(10, 3, series("bob", "d1", HEART_RATE)));
        }

        @Test
        void fail_for_an_unknown_subject() {
            appendAll(store, oneReading(series("bob", "d9", HEART_RATE), 10, 60));
            assertThatThrownBy(() -> execute(ALL, "", 1))
                    .isInstanceOf(PlaneException.NotFound.class)
                    .hasMessage("there is no such patient");
            var ofDevice = new Parameters(
                    new SeriesSelector(new Subject.OfDevice("d1"), Set.of()), TimeRange.ALL, Order.OLDEST_FIRST);
            assertThatThrownBy(() -> execute(ofDevice, "", 1))
                    .isInstanceOf(PlaneException.NotFound.class)
                    .hasMessage("there is no such device");
        }

        @Test
        void have_no_page_without_readings() {
            await(store.registry().putPatient(Patient.provisional("ada", 0)));
            await(store.registry().putDevice(Device.provisional("d1", 0)));
            assertThat(execute(ALL, "", 10)).isEmpty();
            appendAll(store, columns(HEART_RATE_OF_ADA, times(10, 20), 60, 61));
            assertThat(execute(range(TimeRange.ALL, Order.OLDEST_FIRST, RESPIRATORY_RATE), "", 10))
                    .isEmpty();
            assertThat(execute(range(new TimeRange(11, 20), Order.OLDEST_FIRST), "", 10))
                    .isEmpty();
            assertThat(execute(range(new TimeRange(10, 10), Order.NEWEST_FIRST), "", 10))
                    .isEmpty();
        }
    }

    @Nested
    class Limits {

        @ParameterizedTest
        @EnumSource
        void are_exact_also_within_one_microsecond(Order order) {
            appendAll(
                    store,
                    regularColumns(1, 3, HEART_RATE_OF_ADA),
                    regularColumns(1, 3, HEART_RATE_OF_D2),
                    regularColumns(1, 3, RESPIRATION_OF_ADA));
            var allReadings = ReferenceReadings.flatten(columnsOf(range(TimeRange.ALL, order), Long.MAX_VALUE), order);
            assertThat(allReadings).hasSize(9);
            for (int limit = 1; limit <= 9; limit++) {
                assertThat(ReferenceReadings.flatten(columnsOf(range(TimeRange.ALL, order), limit), order))
                        .isEqualTo(allReadings.subList(0, limit));
            }
        }

        @Test
        void that_are_not_reached_have_no_effect() {
            appendAll(store, regularColumns(1, 3, HEART_RATE_OF_ADA));
            assertThat(execute(ALL, "", 4)).isEqualTo(execute(ALL, "", Long.MAX_VALUE));
            assertThat(execute(ALL, "", Integer.MAX_VALUE + 1L)).isEqualTo(execute(ALL, "", Long.MAX_VALUE));
        }

        @Test
        void give_a_token_exactly_if_there_are_more_readings() {
            appendAll(store, regularColumns(1, 3, HEART_RATE_OF_ADA));
            assertThat(execute(ALL, "", 2).getLast().pageToken()).isNotEmpty();
            assertThat(execute(ALL, "", 3).getLast().pageToken()).isEmpty();
        }
    }

    /** Every page but the last has a token, also if the readings end exactly with a page of the store. */
    @ParameterizedTest
    @EnumSource
    void a_page_has_a_token_exactly_if_there_are_more_readings(Order order) {
        appendAll(store, regularColumns(1, 2 * PAGE, HEART_RATE_OF_ADA));
        var range = range(TimeRange.ALL, order);
        var pages = execute(range, "", Long.MAX_VALUE);
        assertThat(pages).extracting(RangeQueryTest::size).containsExactly(PAGE, PAGE);
        assertThat(pages.getFirst().pageToken()).isNotEmpty();
        assertThat(pages.getLast().pageToken()).isEmpty();

        var atLimit = execute(range, "", 2 * PAGE);
        assertThat(atLimit.getLast().pageToken()).isEmpty();
        var belowLimit = execute(range, "", 2 * PAGE - 1);
        assertThat(belowLimit.getLast().pageToken()).isNotEmpty();
    }

    @Nested
    class Tokens {

        @Test
        void continue_with_readings_stored_meanwhile_and_repeat_none() {
            appendAll(store, columns(HEART_RATE_OF_ADA, times(10, 20, 30), 60, 61, 62));
            var token = execute(ALL, "", 2).getLast().pageToken();
            appendAll(
                    store,
                    columns(HEART_RATE_OF_ADA, times(5, 25, 35), 70, 71, 72),
                    columns(RESPIRATION_OF_ADA, times(9, 22), 14, 15));
            var remaining = execute(ALL, token, Long.MAX_VALUE);
            assertThat(remaining).hasSize(1);
            assertThat(remaining.getFirst().columns())
                    .containsExactly(
                            columns(HEART_RATE_OF_ADA, times(25, 30, 35), 71, 62, 72),
                            columns(RESPIRATION_OF_ADA, times(22), 15));
        }

        @Test
        void may_be_used_again() {
            appendAll(store, regularColumns(1, 10, HEART_RATE_OF_ADA));
            var token = execute(ALL, "", 4).getLast().pageToken();
            assertThat(execute(ALL, token, 3)).isEqualTo(execute(ALL, token, 3)).hasSize(1);
        }

        @Test
        void do_not_contain_the_patient_id() {
            appendAll(store, regularColumns(1, 10, HEART_RATE_OF_ADA));
            var token = execute(ALL, "", 4).getLast().pageToken();
            assertThat(token).matches("[A-Za-z0-9_-]+");
            assertThat(new String(Base64.getUrlDecoder().decode(token), StandardCharsets.ISO_8859_1))
                    .doesNotContain("ada");
        }
    }

    @Nested
    class Backpressure {

        @Test
        void reads_nothing_before_a_request_and_then_one_page_ahead() {
            appendAll(store, regularColumns(1, 3 * PAGE, HEART_RATE_OF_ADA));
            var subscriber = query.execute(
                            ALL, "", Long.MAX_VALUE, AnswerBudget.unbounded().open("somebody"))
                    .subscribe()
                    .withSubscriber(AssertSubscriber.<Page>create(0));
            assertThat(store.reads()).isEmpty();
            for (int pages = 1; pages <= 3; pages++) {
                subscriber.assertNotTerminated();
                subscriber.request(1);
                assertThat(subscriber.getItems()).hasSize(pages);
                assertThat(store.reads()).hasSize(Math.min(pages + 1, 3));
            }
            subscriber.assertCompleted();
        }

        @Test
        void reads_only_the_series_whose_page_is_used_up() {
            appendAll(
                    store, regularColumns(1, 3 * PAGE, HEART_RATE_OF_ADA), regularColumns(PAGE, 3, RESPIRATION_OF_ADA));
            var subscriber = query.execute(
                            ALL, "", Long.MAX_VALUE, AnswerBudget.unbounded().open("somebody"))
                    .subscribe()
                    .withSubscriber(AssertSubscriber.<Page>create(1));
            assertThat(store.reads())
                    .containsExactlyInAnyOrder(HEART_RATE_OF_ADA, RESPIRATION_OF_ADA, HEART_RATE_OF_ADA);
            subscriber.request(Long.MAX_VALUE);
            subscriber.assertCompleted();
            assertThat(store.reads()).filteredOn(RESPIRATION_OF_ADA::equals).hasSize(1);
        }

        @Test
        void stops_reading_at_the_limit() {
            appendAll(store, regularColumns(1, 5 * PAGE, HEART_RATE_OF_ADA));
            execute(ALL, "", PAGE + 1);
            assertThat(store.reads()).hasSize(2);
        }

        @Test
        void stops_reading_when_the_caller_cancels() {
            appendAll(store, regularColumns(1, 5 * PAGE, HEART_RATE_OF_ADA));
            var subscriber = query.execute(
                            ALL, "", Long.MAX_VALUE, AnswerBudget.unbounded().open("somebody"))
                    .subscribe()
                    .withSubscriber(AssertSubscriber.<Page>create(1));
            store.pause();
            subscriber.request(3);
            subscriber.cancel();
            store.resume();
            assertThat(subscriber.getItems()).hasSize(2);
            assertThat(store.reads()).hasSize(3);
            assertThat(store.cancelledReads()).isEqualTo(1);
        }

        @Test
        void cancels_the_prefetch_when_the_caller_cancels() {
            appendAll(store, regularColumns(1, 5 * PAGE, HEART_RATE_OF_ADA));
            var subscriber = query.execute(
                            ALL, "", Long.MAX_VALUE, AnswerBudget.unbounded().open("somebody"))
                    .subscribe()
                    .withSubscriber(AssertSubscriber.<Page>create(1));
            store.pause();
            subscriber.request(1);
            assertThat(subscriber.getItems()).hasSize(2);
            assertThat(store.cancelledReads()).isZero();
            subscriber.cancel();
            assertThat(store.cancelledReads()).isEqualTo(1);
        }

        @Test
        void emits_pages_that_were_read_before_a_failure() {
            appendAll(store, regularColumns(1, 5 * PAGE, HEART_RATE_OF_ADA));
            var subscriber = query.execute(
                            ALL, "", Long.MAX_VALUE, AnswerBudget.unbounded().open("somebody"))
                    .subscribe()
                    .withSubscriber(AssertSubscriber.<Page>create(1));
            store.close();
            subscriber.request(1);
            assertThat(subscriber.getItems()).hasSize(2);
            subscriber.assertNotTerminated();
            subscriber.request(1);
            subscriber.assertFailedWith(PlaneException.Unavailable.class);
        }
    }

    /** There are so many series that each gets several pages of the smallest size. */
    @ParameterizedTest
    @EnumSource
    void very_many_series_are_read_in_small_pages(Order order) {
        var stored = IntStream.range(0, 1_100)
                .mapToObj(i -> regularColumns(7 + i % 5, 100, series("ada", "d" + i, HEART_RATE)))
                .toList();
        appendAll(store, stored);
        var pages = new ArrayList<List<Columns>>();
        for (var page : execute(range(TimeRange.ALL, order), "", Long.MAX_VALUE)) {
            pages.add(page.columns());
        }
        assertThat(pages).hasSizeGreaterThan(1);
        var answer = pages.stream()
                .flatMap(columns -> ReferenceReadings.flatten(columns, order).stream())
                .toList();
        assertThat(answer.equals(ReferenceReadings.flatten(stored, order))).isTrue();
    }

    @Test
    void fails_with_the_failure_of_the_store() {
        appendAll(store, regularColumns(1, 10, HEART_RATE_OF_ADA));
        store.close();
        assertThatThrownBy(() -> execute(ALL, "", 1)).isInstanceOf(PlaneException.Unavailable.class);
    }
}
