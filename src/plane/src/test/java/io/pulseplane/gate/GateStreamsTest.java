package io.pulseplane.gate;

import static io.pulseplane.ReadingFixtures.TIMEOUT;
import static io.pulseplane.gate.GateRequests.HEART_RATE;
import static io.pulseplane.gate.GateRequests.STAFF;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import io.pulseplane.api.Tokens;
import io.pulseplane.gate.audit.AuditRecord;
import io.pulseplane.gate.audit.Decision;
import io.pulseplane.node.LocalTokens;
import io.pulseplane.v1.Columns;
import io.pulseplane.v1.PutReadingsRequest;
import io.pulseplane.v1.QueryReadingsRequest;
import io.pulseplane.v1.QueryServiceGrpc;
import io.pulseplane.v1.StreamLatestRequest;
import io.pulseplane.v1.StreamLatestResponse;
import io.pulseplane.v1.WatchRequest;
import io.pulseplane.v1.WatchResponse;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** How the gate treats calls that go on, through a real channel. */
class GateStreamsTest extends GatedPlaneTestBase {

    /** Keeps the responses of a stream and its final status. */
    private static final class RecordingObserver<T> implements StreamObserver<T> {

        private final BlockingQueue<T> responses = new LinkedBlockingQueue<>();
        private final CompletableFuture<Status> end = new CompletableFuture<>();

        @Override
        public void onNext(T response) {
            responses.add(response);
        }

        @Override
        public void onError(Throwable failure) {
            end.complete(Status.fromThrowable(failure));
        }

        @Override
        public void onCompleted() {
            end.complete(Status.OK);
        }

        T next() throws InterruptedException {
            var response = responses.poll(TIMEOUT.toSeconds(), TimeUnit.SECONDS);
            assertThat(response).isNotNull();
            return response;
        }

        Status end() {
            return end.orTimeout(TIMEOUT.toSeconds(), TimeUnit.SECONDS).join();
        }
    }

    @Test
    void of_readings_end_when_consent_is_withdrawn() throws Exception {
        plane.grant(ada);
        plane.grant(bob);
        var watch = new RecordingObserver<WatchResponse>();
        QueryServiceGrpc.newStub(plane.as(STAFF))
                .watch(
                        WatchRequest.newBuilder()
                                .addPatientIds(ada)
                                .addPatientIds(bob)
                                .build(),
                        watch);
        watch.next();
        put(plane.asDevice(monitor), monitor, ada);
        assertThat(watch.next().getSeriesCount()).isEqualTo(1);
        plane.withdraw(bob);
        assertThat(watch.end().getCode()).isEqualTo(Status.Code.PERMISSION_DENIED);
        assertThat(plane.events.entries()).contains("ended");
        assertThat(auditRecords()).anySatisfy(record -> {
            assertThat(record.patient()).isEqualTo(bob);
            assertThat(record.decision()).isEqualTo(Decision.REFUSED);
        });
    }

    @Test
    void that_a_slow_client_has_not_read_end_too() throws Exception {
        plane.grant(ada);
        // Together more than the buffers of the connection hold.
        for (int day = 1; day <= 5; day++) {
            put(plane.asDevice(monitor), manyReadings(day));
        }
        var slow = new StalledListener();
        var call = plane.as(STAFF).newCall(QueryServiceGrpc.getQueryReadingsMethod(), io.grpc.CallOptions.DEFAULT);
        call.start(slow, new Metadata());
        call.sendMessage(QueryReadingsRequest.newBuilder().setPatientId(ada).build());
        call.halfClose();
        await().until(() -> plane.events.entries().contains("query PERMITTED"));
        plane.withdraw(ada);
        // The client reads what is in the buffers, and then the end of the call.
        call.request(1_000);
        assertThat(slow.end.get(TIMEOUT.toSeconds(), TimeUnit.SECONDS).getCode())
                .isEqualTo(Status.Code.PERMISSION_DENIED);
    }

    private PutReadingsRequest manyReadings(int daysAgo) {
        var columns = Columns.newBuilder()
                .setCode(HEART_RATE)
                .setUnit("/min")
                .setStartUs(T0 - TimeUnit.DAYS.toMicros(daysAgo));
        for (int i = 0; i < 100_000; i++) {
            columns.addTimeDeltaUs(1_000 + i % 7).addValues(60 + i % 11 / 10.0);
        }
        var batch = readings(monitor, ada).getBatch().toBuilder().setColumns(0, columns);
        return PutReadingsRequest.newBuilder().setBatch(batch).build();
    }

    /** Requests no messages by itself. */
    private static final class StalledListener
            extends io.grpc.ClientCall.Listener<io.pulseplane.v1.QueryReadingsResponse> {

        private final CompletableFuture<Status> end = new CompletableFuture<>();

        @Override
        public void onClose(Status status, Metadata trailers) {
            end.complete(status);
        }
    }

    @Test
    void end_when_consent_expires() throws Exception {
        plane.consent(ada, true, OptionalLong.of(plane.now() + TimeUnit.MILLISECONDS.toMicros(1_500)));
        var watch = new RecordingObserver<WatchResponse>();
        QueryServiceGrpc.newStub(plane.as(STAFF))
                .watch(WatchRequest.newBuilder().addPatientIds(ada).build(), watch);
        watch.next();
        assertThat(watch.end().getCode()).isEqualTo(Status.Code.PERMISSION_DENIED);
    }

    @Test
    void end_when_the_token_expires() throws Exception {
        plane.grant(ada);
        var token = Tokens.issue(
                directory,
                new LocalTokens.Claims(
                        "nurse", List.of(STAFF), LocalTokens.DEFAULT_TENANT, "", "", Duration.ofSeconds(2)));
        var watch = new RecordingObserver<WatchResponse>();
        QueryServiceGrpc.newStub(plane.with(token))
                .watch(WatchRequest.newBuilder().addPatientIds(ada).build(), watch);
        watch.next();
        assertThat(watch.end().getCode()).isEqualTo(Status.Code.UNAUTHENTICATED);
        assertThat(lastRecord().reason()).isEqualTo("expired");
    }

    @Test
    void of_patients_who_read_their_own_go_on_whatever_they_consent_to() throws Exception {
        plane.grant(ada);
        var watch = new RecordingObserver<WatchResponse>();
        QueryServiceGrpc.newStub(plane.asPatient(ada))
                .watch(WatchRequest.newBuilder().addPatientIds(ada).build(), watch);
        watch.next();
        plane.withdraw(ada);
        put(plane.asDevice(monitor), monitor, ada);
        assertThat(watch.next().getSeriesCount()).isEqualTo(1);
    }

    @Test
    void of_queries_are_answered_one_by_one_whether_permitted_or_not() throws Exception {
        plane.grant(ada);
        put(plane.asDevice(monitor), monitor, ada);
        var responses = new RecordingObserver<StreamLatestResponse>();
        var requests = QueryServiceGrpc.newStub(plane.as(STAFF)).streamLatest(responses);
        for (var patient : List.of(ada, bob, ada, "")) {
            requests.onNext(StreamLatestRequest.newBuilder()
                    .setPatientId(patient)
                    .addCodes(HEART_RATE)
                    .build());
        }
        assertThat(responses.next().getReadingsCount()).isEqualTo(1);
        assertThat(responses.next().getError().getCode()).isEqualTo(Status.Code.PERMISSION_DENIED.value());
        assertThat(responses.next().getReadingsCount()).isEqualTo(1);
        assertThat(responses.next().getError().getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT.value());
        requests.onCompleted();
        assertThat(responses.end().isOk()).isTrue();
    }

    @Test
    void of_queries_leave_one_record_of_a_repeated_query_and_another_after_a_change() throws Exception {
        plane.grant(ada);
        var responses = new RecordingObserver<StreamLatestResponse>();
        var requests = QueryServiceGrpc.newStub(plane.as(STAFF)).streamLatest(responses);
        var request = StreamLatestRequest.newBuilder()
                .setPatientId(ada)
                .addCodes(HEART_RATE)
                .build();
        for (int i = 0; i < 10; i++) {
            requests.onNext(request);
            assertThat(responses.next().hasError()).isFalse();
        }
        assertThat(auditRecords()).hasSize(1);
        plane.withdraw(ada);
        requests.onNext(request);
        assertThat(responses.next().getError().getCode()).isEqualTo(Status.Code.PERMISSION_DENIED.value());
        assertThat(auditRecords()).hasSize(2);
        plane.grant(ada);
        requests.onNext(request);
        assertThat(responses.next().hasError()).isFalse();
        plane.clockOffsetUs.set(TimeUnit.MINUTES.toMicros(2));
        requests.onNext(request);
        assertThat(responses.next().hasError()).isFalse();
        assertThat(auditRecords()).as("a record stands for a minute").hasSize(4);
        requests.onCompleted();
    }

    @Test
    void of_many_queries_at_once_are_answered_in_their_order_and_leave_a_record_each() throws Exception {
        int patients = 300;
        for (int i = 0; i < patients; i++) {
            if (i % 3 != 0) {
                plane.register("p" + i);
                plane.grant("p" + i);
            }
        }
        var responses = sendAtOnce(patients, i -> "p" + i);
        for (int i = 0; i < patients; i++) {
            assertThat(responses.next().getError().getCode())
                    .as("p" + i)
                    .isEqualTo(i % 3 == 0 ? Status.Code.PERMISSION_DENIED.value() : Status.Code.OK.value());
        }
        assertThat(auditRecords().stream().map(AuditRecord::patient))
                .containsExactlyElementsOf(
                        IntStream.range(0, patients).mapToObj(i -> "p" + i).toList());
    }

    @Test
    void of_one_query_sent_many_times_at_once_leave_one_record_if_it_is_permitted() throws Exception {
        plane.grant(ada);
        var responses = sendAtOnce(100, _ -> ada);
        for (int i = 0; i < 100; i++) {
            assertThat(responses.next().hasError()).isFalse();
        }
        assertThat(auditRecords()).hasSize(1);
    }

    @Test
    void of_one_query_sent_many_times_at_once_leave_a_record_each_if_it_is_refused() throws Exception {
        var responses = sendAtOnce(100, _ -> bob);
        for (int i = 0; i < 100; i++) {
            assertThat(responses.next().getError().getCode()).isEqualTo(Status.Code.PERMISSION_DENIED.value());
        }
        assertThat(auditRecords()).hasSize(100);
    }

    private RecordingObserver<StreamLatestResponse> sendAtOnce(int count, IntFunction<String> patient) {
        var responses = new RecordingObserver<StreamLatestResponse>();
        var requests = QueryServiceGrpc.newStub(plane.as(STAFF)).streamLatest(responses);
        for (int i = 0; i < count; i++) {
            requests.onNext(StreamLatestRequest.newBuilder()
                    .setPatientId(patient.apply(i))
                    .addCodes(HEART_RATE)
                    .build());
        }
        requests.onCompleted();
        return responses;
    }
}
