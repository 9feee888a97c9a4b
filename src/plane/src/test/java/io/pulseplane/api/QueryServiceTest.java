package io.pulseplane.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;
import static org.assertj.core.api.Assertions.within;

import io.grpc.Context;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import io.pulseplane.client.ColumnMessages;
import io.pulseplane.v1.AggregateRequest;
import io.pulseplane.v1.AggregateResponse;
import io.pulseplane.v1.CalendarUnit;
import io.pulseplane.v1.CalendarWindow;
import io.pulseplane.v1.Function;
import io.pulseplane.v1.GetLatestRequest;
import io.pulseplane.v1.GetStatisticsRequest;
import io.pulseplane.v1.Grouping;
import io.pulseplane.v1.Order;
import io.pulseplane.v1.QueryReadingsRequest;
import io.pulseplane.v1.QueryReadingsResponse;
import io.pulseplane.v1.QueryServiceGrpc;
import io.pulseplane.v1.Reading;
import io.pulseplane.v1.StreamLatestRequest;
import io.pulseplane.v1.StreamLatestResponse;
import io.pulseplane.v1.WatchRequest;
import io.pulseplane.v1.WatchResponse;
import io.quarkus.test.junit.QuarkusTest;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@QuarkusTest
class QueryServiceTest extends PlaneTest {

    private static final long SECOND = 1_000_000L;
    private static final long MINUTE = 60 * SECOND;

    @Test
    void returns_the_latest_reading_of_each_code() {
        put(batch(
                columns(HEART_RATE, "/min", times(T0, T0 + 2), 60, 62), columns("9279-1", "/min", times(T0 + 1), 12)));
        assertThat(latestOf(patient))
                .extracting(Reading::getCode, Reading::getTimeUs, Reading::getValue)
                .containsExactly(tuple(HEART_RATE, T0 + 2, 62.0), tuple("9279-1", T0 + 1, 12.0));
    }

    @Test
    void reads_its_own_writes_from_the_cache_and_the_store() {
        for (int i = 0; i < 50; i++) {
            put(heartRates(times(T0 + i), 60 + i));
            assertThat(latestOf(patient)).extracting(Reading::getValue).containsExactly(60.0 + i);
        }
        put(heartRates(times(T0 - 5), 40));
        assertThat(latestOf(patient)).extracting(Reading::getValue).containsExactly(109.0);
    }

    @Test
    void answers_for_a_device_and_for_selected_codes() {
        put(batch(columns(HEART_RATE, "/min", times(T0), 60), columns("9279-1", "/min", times(T0), 12)));
        var response = query.getLatest(GetLatestRequest.newBuilder()
                .setDeviceId(device)
                .addCodes("9279-1")
                .addCodes("1-1")
                .build());
        assertThat(response.getReadingsList()).extracting(Reading::getValue).containsExactly(12.0);
    }

    @Test
    void fails_for_unknown_subjects() {
        assertRefused(Status.Code.NOT_FOUND, "", () -> latestOf("nobody"));
        assertRefused(
                Status.Code.NOT_FOUND,
                "",
                () -> query.getStatistics(
                        GetStatisticsRequest.newBuilder().setDeviceId("nothing").build()));
        assertRefused(
                Status.Code.NOT_FOUND,
                "",
                () -> query.queryReadings(QueryReadingsRequest.newBuilder()
                                .setPatientId("nobody")
                                .build())
                        .next());
        assertRefused(
                Status.Code.NOT_FOUND,
                "",
                () -> query.aggregate(AggregateRequest.newBuilder()
                                .setPatientId("nobody")
                                .setWindowUs(MINUTE)
                                .build())
                        .next());
    }

    @Test
    void streams_answers_and_errors_in_the_order_of_the_queries() throws Exception {
        put(heartRates(times(T0), 60));
        var answers = new CopyOnWriteArrayList<StreamLatestResponse>();
        var ended = new CompletableFuture<Void>();
        var questions = QueryServiceGrpc.newStub(channel).streamLatest(new StreamObserver<>() {
            @Override
            public void onNext(StreamLatestResponse answer) {
                answers.add(answer);
            }

            @Override
            public void onError(Throwable failure) {
                ended.completeExceptionally(failure);
            }

            @Override
            public void onCompleted() {
                ended.complete(null);
            }
        });
        int rounds = 200;
        for (int i = 0; i < rounds; i++) {
            questions.onNext(
                    StreamLatestRequest.newBuilder().setPatientId(patient).build());
            questions.onNext(
                    StreamLatestRequest.newBuilder().setPatientId("nobody-" + i).build());
            questions.onNext(StreamLatestRequest.getDefaultInstance());
        }
        questions.onCompleted();
        ended.get(30, TimeUnit.SECONDS);
        assertThat(answers).hasSize(3 * rounds);
        for (int i = 0; i < rounds; i++) {
            assertThat(answers.get(3 * i).getReadingsList())
                    .extracting(Reading::getValue)
                    .containsExactly(60.0);
            var unknown = answers.get(3 * i + 1).getError();
            assertThat(unknown.getCode()).as(unknown.getMessage()).isEqualTo(Status.Code.NOT_FOUND.value());
            assertThat(answers.get(3 * i + 2).getError().getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT.value());
        }
    }

    @Test
    void reads_a_range_half_open_in_either_order() {
        put(heartRates(times(T0, T0 + 1, T0 + 2, T0 + 3), 60, 61, 62, 63));
        var range = QueryReadingsRequest.newBuilder()
                .setPatientId(patient)
                .setFromUs(T0 + 1)
                .setToUs(T0 + 3);
        assertThat(values(query.queryReadings(range.build()))).containsExactly(61.0, 62.0);
        range.setOrder(Order.ORDER_NEWEST_FIRST);
        assertThat(values(query.queryReadings(range.build()))).containsExactly(62.0, 61.0);
        assertThat(values(query.queryReadings(range.setLimit(1).build()))).containsExactly(62.0);
    }

    @Test
    void continues_at_a_page_token() {
        int size = 20_000;
        put(heartRates(
                LongStream.range(T0, T0 + size).toArray(),
                IntStream.range(0, size).mapToDouble(i -> 20 + i % 250).toArray()));
        var collected = new ArrayList<Double>();
        var token = "";
        do {
            var page = query.queryReadings(QueryReadingsRequest.newBuilder()
                    .setPatientId(patient)
                    .setLimit(7_001)
                    .setPageToken(token)
                    .build());
            while (page.hasNext()) {
                var chunk = page.next();
                collected.addAll(values(chunk));
                token = chunk.getPageToken();
            }
        } while (!token.isEmpty());
        assertThat(collected)
                .isEqualTo(
                        IntStream.range(0, size).mapToObj(i -> 20.0 + i % 250).toList());
    }

    @Test
    void refuses_a_page_token_of_another_query() {
        put(heartRates(times(T0, T0 + 1), 60, 61));
        var request = QueryReadingsRequest.newBuilder().setPatientId(patient).setLimit(1);
        var token = query.queryReadings(request.build()).next().getPageToken();
        assertThat(token).isNotEmpty();
        assertRefused(
                Status.Code.INVALID_ARGUMENT,
                "page_token",
                () -> query.queryReadings(
                                request.setPageToken(token).addCodes(HEART_RATE).build())
                        .next());
        assertRefused(
                Status.Code.INVALID_ARGUMENT,
                "page_token",
                () -> query.queryReadings(request.setPageToken("%%%").build()).next());
    }

    @Test
    void aggregates_windows_that_are_aligned_to_the_epoch() {
        long minute = T0 / MINUTE * MINUTE;
        put(heartRates(
                times(minute, minute + 30 * SECOND, minute + MINUTE - 1, minute + MINUTE, minute + 3 * MINUTE),
                60,
                62,
                64,
                70,
                80));
        var windows = aggregate(AggregateRequest.newBuilder().addQuantiles(0.5).addQuantiles(0.95));
        assertThat(windows.getStartUs()).isEqualTo(minute);
        assertThat(windows.getStepsList()).containsExactly(0L, 1L, 2L);
        assertThat(windows.getCountList()).containsExactly(3L, 1L, 1L);
        assertThat(windows.getMeanList()).containsExactly(62.0, 70.0, 80.0);
        assertThat(windows.getSumList()).containsExactly(186.0, 70.0, 80.0);
        assertThat(windows.getStandardDeviationList()).containsExactly(2.0, Double.NaN, Double.NaN);
        assertThat(windows.getFirstList()).containsExactly(60.0, 70.0, 80.0);
        assertThat(windows.getLastList()).containsExactly(64.0, 70.0, 80.0);
        assertThat(windows.getQuantiles(0).getValuesList()).containsExactly(62.0, 70.0, 80.0);
        assertThat(windows.getQuantiles(1).getValues(0)).isCloseTo(63.8, within(1e-9));
        assertThat(windows.getGroup().getCode()).isEqualTo(HEART_RATE);
        assertThat(windows.getGroup().getUnit()).isEqualTo("/min");
        assertThat(windows.getGroup().getPatientId()).isEmpty();
    }

    @Test
    void fills_empty_windows_and_computes_only_the_requested_functions() {
        long minute = T0 / MINUTE * MINUTE;
        put(heartRates(times(minute + 2 * MINUTE), 60));
        var windows = aggregate(AggregateRequest.newBuilder()
                .setFillEmpty(true)
                .setFromUs(minute + 30 * SECOND)
                .setToUs(minute + 4 * MINUTE)
                .addFunctions(Function.FUNCTION_COUNT)
                .addFunctions(Function.FUNCTION_MEAN)
                .setGrouping(Grouping.GROUPING_BY_SERIES));
        assertThat(windows.getStartUs()).isEqualTo(minute);
        assertThat(windows.getCountList()).containsExactly(0L, 0L, 1L, 0L);
        assertThat(windows.getMeanList()).containsExactly(Double.NaN, Double.NaN, 60.0, Double.NaN);
        assertThat(windows.getMinCount()).isZero();
        assertThat(windows.getGroup().getDeviceId()).isEqualTo(device);
    }

    @Test
    void refuses_invalid_windows() {
        assertRefused(
                Status.Code.INVALID_ARGUMENT,
                "window_us",
                () -> aggregate(AggregateRequest.newBuilder().setWindowUs(SECOND - 1)));
        assertRefused(
                Status.Code.INVALID_ARGUMENT,
                "fill_empty",
                () -> aggregate(AggregateRequest.newBuilder().setFillEmpty(true)));
        assertRefused(
                Status.Code.INVALID_ARGUMENT,
                "quantiles[0]",
                () -> aggregate(AggregateRequest.newBuilder().addQuantiles(Double.NaN)));
        assertRefused(
                Status.Code.INVALID_ARGUMENT,
                "functions[0]",
                () -> aggregate(AggregateRequest.newBuilder().addFunctionsValue(99)));
        assertRefused(
                Status.Code.INVALID_ARGUMENT,
                "from_us",
                () -> aggregate(AggregateRequest.newBuilder().setFromUs(2).setToUs(1)));
    }

    @Test
    void computes_statistics_of_a_whole_range() {
        put(heartRates(times(T0, T0 + 1, T0 + 2, T0 + 3), 60, 61, 62, 99));
        var statistics = query.getStatistics(GetStatisticsRequest.newBuilder()
                        .setPatientId(patient)
                        .setToUs(T0 + 3)
                        .addQuantiles(0.25)
                        .build())
                .getStatistics(0);
        assertThat(statistics.getCount()).isEqualTo(3);
        assertThat(statistics.getMean()).isEqualTo(61.0);
        assertThat(statistics.getStandardDeviation()).isEqualTo(1.0);
        assertThat(statistics.getLastUs()).isEqualTo(T0 + 2);
        assertThat(statistics.getQuantiles(0)).isEqualTo(60.5);
    }

    @Test
    void returns_nothing_for_a_range_without_readings() {
        put(heartRates(times(T0), 60));
        assertThat(query.getStatistics(GetStatisticsRequest.newBuilder()
                                .setPatientId(patient)
                                .setFromUs(T0 + 1)
                                .build())
                        .getStatisticsList())
                .isEmpty();
        assertThat(query.queryReadings(QueryReadingsRequest.newBuilder()
                                .setPatientId(patient)
                                .setFromUs(T0 + 1)
                                .build())
                        .hasNext())
                .isFalse();
    }

    @Test
    void ends_at_the_clients_deadline() {
        put(heartRates(times(T0), 60));
        assertRefused(
                Status.Code.DEADLINE_EXCEEDED,
                "",
                () -> query.withDeadlineAfter(0, TimeUnit.NANOSECONDS)
                        .getLatest(GetLatestRequest.newBuilder()
                                .setPatientId(patient)
                                .build()));
    }

    @Test
    void sends_watchers_new_readings_only() throws Exception {
        var context = Context.current().withCancellation();
        try {
            var watch = context.call(() -> query.watch(WatchRequest.newBuilder()
                    .addPatientIds(patient)
                    .addCodes(HEART_RATE)
                    .build()));
            assertThat(watch.next().getSeriesList()).isEmpty();
            put(batch(columns(HEART_RATE, "/min", times(T0, T0 + 1), 60, 0), columns("9279-1", "/min", times(T0), 12)));
            put(heartRates(times(T0, T0 + 2), 60, 62));
            assertThat(watched(watch, 2)).containsExactly(60.0, 62.0);
        } finally {
            context.cancel(null);
        }
    }

    @Test
    void a_watch_needs_at_least_one_patient() {
        assertRefused(
                Status.Code.INVALID_ARGUMENT,
                "patient_ids",
                () -> query.watch(WatchRequest.getDefaultInstance()).next());
    }

    @Test
    void refuses_queries_without_a_subject_or_with_invalid_ids() {
        assertRefused(
                Status.Code.INVALID_ARGUMENT, "subject", () -> query.getLatest(GetLatestRequest.getDefaultInstance()));
        assertRefused(Status.Code.INVALID_ARGUMENT, "patient_id", () -> latestOf("x".repeat(101)));
        assertRefused(
                Status.Code.INVALID_ARGUMENT,
                "codes[1]",
                () -> query.getLatest(GetLatestRequest.newBuilder()
                        .setPatientId(patient)
                        .addCodes("ok")
                        .addCodes("\u0007")
                        .build()));
        assertThatThrownBy(() -> query.queryReadings(QueryReadingsRequest.newBuilder()
                                .setPatientId(patient)
                                .setOrderValue(7)
                                .build())
                        .next())
                .isInstanceOfSatisfying(
                        StatusRuntimeException.class,
                        e -> assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT));
    }

    @Test
    void windows_are_the_days_of_a_place_if_asked_for() {
        // The clocks of Berlin went forward at 01:00 UTC on 29 March 2026.
        var hours = IntStream.range(0, 72)
                .mapToLong(hour -> Instant.parse("2026-03-27T23:00:00Z").toEpochMilli() * 1_000 + hour * 60L * MINUTE)
                .toArray();
        put(heartRates(hours, Arrays.stream(hours).mapToDouble(_ -> 60).toArray()));
        var days = aggregate(AggregateRequest.newBuilder()
                .setCalendarWindow(CalendarWindow.newBuilder()
                        .setTimeZone("Europe/Berlin")
                        .setUnit(CalendarUnit.CALENDAR_UNIT_DAY)));
        assertThat(days.getCountList()).containsExactly(24L, 23L, 24L, 1L);
        assertThat(days.getStartsUsList()).containsExactly(hours[0], hours[24], hours[47], hours[71]);
        assertThat(days.getEndsUsList())
                .containsExactly(hours[24], hours[47], hours[71], hours[71] + 24 * 60L * MINUTE);
        assertThat(days.getStepsList()).containsExactly(0L, 1L, 1L, 1L);
        assertThat(days.getWindowUs()).isZero();
        assertThat(ColumnMessages.windowStarts(days)).containsExactly(hours[0], hours[24], hours[47], hours[71]);
    }

    @Test
    void windows_of_one_width_start_at_the_origin() {
        put(heartRates(new long[] {T0, T0 + MINUTE}, 60, 61));
        var windows = aggregate(AggregateRequest.newBuilder().setOriginUs(T0 + 1));
        assertThat(ColumnMessages.windowStarts(windows)).containsExactly(T0 + 1 - MINUTE, T0 + 1);
    }

    @ParameterizedTest
    @CsvSource({
        "calendar_window.time_zone, Mars/Olympus, 2, 1, ''",
        "calendar_window.time_zone, '', 2, 1, ''",
        "calendar_window.unit, UTC, 0, 1, ''",
        "calendar_window.unit, UTC, 9, 1, ''",
        "calendar_window.count, UTC, 1, 1, ''",
        "calendar_window.count, UTC, 1, 5, ''",
        "calendar_window.count, UTC, 2, 36501, ''",
        "calendar_window.count, UTC, 3, 5201, ''",
        "calendar_window.count, UTC, 4, -1, ''",
        "calendar_window.origin, UTC, 2, 1, yesterday",
        "calendar_window.origin, UTC, 2, 1, 2026-02-30",
        "calendar_window.origin, UTC, 2, 1, 1899-12-31",
        "calendar_window.origin, UTC, 4, 1, 2026-01-29"
    })
    void a_faulty_calendar_window_is_named(String field, String zone, int unit, int count, String origin) {
        var request = AggregateRequest.newBuilder()
                .setPatientId(patient)
                .setCalendarWindow(CalendarWindow.newBuilder()
                        .setTimeZone(zone)
                        .setUnitValue(unit)
                        .setCount(count)
                        .setOrigin(origin))
                .build();
        assertRefused(
                Status.Code.INVALID_ARGUMENT,
                field,
                () -> query.aggregate(request).next());
    }

    @Test
    void a_window_has_a_width_or_a_calendar_but_not_both() {
        var calendar = AggregateRequest.newBuilder()
                .setPatientId(patient)
                .setCalendarWindow(
                        CalendarWindow.newBuilder().setTimeZone("UTC").setUnit(CalendarUnit.CALENDAR_UNIT_DAY));
        assertRefused(
                Status.Code.INVALID_ARGUMENT,
                "window_us",
                () -> query.aggregate(calendar.clone().setWindowUs(MINUTE).build())
                        .next());
        assertRefused(
                Status.Code.INVALID_ARGUMENT,
                "origin_us",
                () -> query.aggregate(calendar.clone().setOriginUs(1).build()).next());
    }

    private List<Reading> latestOf(String id) {
        return query.getLatest(GetLatestRequest.newBuilder().setPatientId(id).build())
                .getReadingsList();
    }

    private AggregateResponse aggregate(AggregateRequest.Builder request) {
        request.setPatientId(patient);
        if (request.getWindowUs() == 0 && !request.hasCalendarWindow()) {
            request.setWindowUs(MINUTE);
        }
        var responses = query.aggregate(request.build());
        var only = responses.next();
        assertThat(responses.hasNext()).isFalse();
        return only;
    }

    private static List<Double> values(Iterator<QueryReadingsResponse> chunks) {
        var values = new ArrayList<Double>();
        chunks.forEachRemaining(chunk -> values.addAll(values(chunk)));
        return values;
    }

    private static List<Double> values(QueryReadingsResponse chunk) {
        return chunk.getSeriesList().stream()
                .flatMap(series -> series.getColumns().getValuesList().stream())
                .toList();
    }

    private static List<Double> watched(Iterator<WatchResponse> watch, int count) {
        var values = new ArrayList<Double>();
        while (values.size() < count) {
            watch.next()
                    .getSeriesList()
                    .forEach(s -> values.addAll(s.getColumns().getValuesList()));
        }
        return values;
    }
}
