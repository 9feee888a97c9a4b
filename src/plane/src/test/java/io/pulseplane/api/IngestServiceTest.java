package io.pulseplane.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.pulseplane.v1.Batch;
import io.pulseplane.v1.Columns;
import io.pulseplane.v1.GetDeviceRequest;
import io.pulseplane.v1.GetPatientRequest;
import io.pulseplane.v1.IngestServiceGrpc;
import io.pulseplane.v1.PutReadingsRequest;
import io.pulseplane.v1.QueryReadingsRequest;
import io.pulseplane.v1.Rejection;
import io.pulseplane.v1.RejectionReason;
import io.pulseplane.v1.StreamReadingsRequest;
import io.pulseplane.v1.StreamReadingsResponse;
import io.pulseplane.v1.StreamReadingsResponse.OutcomeCase;
import io.quarkus.test.junit.QuarkusTest;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;
import java.util.stream.LongStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

@QuarkusTest
class IngestServiceTest extends PlaneTest {

    @Test
    void acknowledges_a_batch_and_finds_it_again() {
        var acknowledgement = put(heartRates(times(T0, T0 + 1), 60, 61));
        assertThat(acknowledgement.getDeviceId()).isEqualTo(device);
        assertThat(acknowledgement.getSequence()).isEqualTo(1);
        assertThat(acknowledgement.getAccepted()).isEqualTo(2);
        assertThat(acknowledgement.getDuplicates()).isZero();
        assertThat(acknowledgement.getRejectionsList()).isEmpty();
        assertThat(acknowledgement.getRepeatedBatch()).isFalse();
        assertThat(stored()).containsExactly(60.0, 61.0);
    }

    @Test
    void returns_the_rejected_readings_with_reasons() {
        var acknowledgement = put(batch(
                columns(HEART_RATE, "/min", times(T0, T0 + 1, T0 + 2), 60, 0, Double.NaN),
                columns("8310-5", "[degF]", times(T0), 99),
                columns("1-1", "x", times(T0), 1)));
        assertThat(acknowledgement.getAccepted()).isEqualTo(1);
        assertThat(acknowledgement.getRejectionsList())
                .extracting(Rejection::getCode, Rejection::getReason, Rejection::getIndexesList)
                .containsExactlyInAnyOrder(
                        tuple(HEART_RATE, RejectionReason.REJECTION_REASON_NOT_FINITE, List.of(2)),
                        tuple(HEART_RATE, RejectionReason.REJECTION_REASON_IMPLAUSIBLE, List.of(1)),
                        tuple("8310-5", RejectionReason.REJECTION_REASON_WRONG_UNIT, List.of(0)),
                        tuple("1-1", RejectionReason.REJECTION_REASON_UNKNOWN_CODE, List.of(0)));
        assertThat(acknowledgement.getRejectionsList())
                .extracting(Rejection::getExplanation)
                .contains("the value must be from 20 to 300 /min", "the unit must be Cel");
    }

    @Test
    void answers_a_repeated_batch_as_the_first_time() {
        var batch = heartRates(times(T0, T0 + 1), 60, 5);
        var first = put(batch);
        var second = put(batch);
        assertThat(second.getRepeatedBatch()).isTrue();
        assertThat(second.toBuilder().setRepeatedBatch(false).build()).isEqualTo(first);
        assertThat(stored()).containsExactly(60.0);
    }

    @Test
    void refuses_a_sequence_that_was_used_for_another_batch() {
        var batch = heartRates(times(T0), 60);
        put(batch);
        var other = heartRates(times(T0 + 1), 61).toBuilder()
                .setSequence(batch.getSequence())
                .build();
        assertRefused(Status.Code.ALREADY_EXISTS, "", () -> put(other));
    }

    @Test
    void registers_unknown_patients_and_devices() {
        put(heartRates(times(T0), 60));
        var registered = registry.getPatient(
                        GetPatientRequest.newBuilder().setPatientId(patient).build())
                .getPatient();
        assertThat(registered.getProvisional()).isTrue();
        var deviceKnown = registry.getDevice(
                        GetDeviceRequest.newBuilder().setDeviceId(device).build())
                .getDevice();
        assertThat(deviceKnown.getLastSequence()).isEqualTo(1);
        assertThat(deviceKnown.getLastSeenUs()).isPositive();
    }

    @Test
    void streams_many_batches_and_acknowledges_each() throws Exception {
        var responses = stream(500, i -> heartRates(times(T0 + 2L * i, T0 + 2L * i + 1), 60, 61));
        assertThat(responses).hasSize(500).allSatisfy(response -> {
            assertThat(response.getAcknowledgement().getAccepted()).isEqualTo(2);
        });
        assertThat(responses)
                .extracting(response -> response.getAcknowledgement().getSequence())
                .doesNotHaveDuplicates();
        assertThat(stored()).hasSize(1_000);
    }

    @Test
    void keeps_the_stream_alive_when_a_batch_is_malformed() throws Exception {
        var responses = stream(3, i -> switch (i) {
            case 0 -> heartRates(times(T0), 60);
            case 1 -> heartRates(times(T0 + 1), 61).toBuilder().setPatientId("").build();
            default -> heartRates(times(T0 + 2), 62);
        });
        assertThat(responses)
                .extracting(StreamReadingsResponse::getOutcomeCase)
                .containsExactlyInAnyOrder(
                        OutcomeCase.ACKNOWLEDGEMENT, OutcomeCase.ACKNOWLEDGEMENT, OutcomeCase.REFUSED);
        var refused = responses.stream()
                .filter(StreamReadingsResponse::hasRefused)
                .findFirst()
                .orElseThrow()
                .getRefused();
        assertThat(refused.getSequence()).isEqualTo(2);
        assertThat(refused.getDeviceId()).isEqualTo(device);
        assertThat(refused.getError().getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT.value());
        assertThat(refused.getError().getMessage()).isEqualTo("batch.patient_id must not be empty");
        assertThat(stored()).containsExactly(60.0, 62.0);
    }

    @Test
    void answers_an_empty_stream_with_ok() throws Exception {
        assertThat(stream(0, _ -> null)).isEmpty();
    }

    @Test
    void stores_batches_it_has_read_even_if_the_client_cancels() {
        var observer = new ResponseRecorder();
        var requests = (ClientCallStreamObserver<StreamReadingsRequest>)
                IngestServiceGrpc.newStub(channel).streamReadings(observer);
        for (int i = 0; i < 20; i++) {
            requests.onNext(request(heartRates(times(T0 + i), 60)));
        }
        Awaitility.await().until(() -> observer.received.size() >= 1);
        requests.cancel("gone", null);
        Awaitility.await().untilAsserted(() -> assertThat(stored()).isNotEmpty());
        // The plane still serves.
        assertThat(put(heartRates(times(T0 + 100), 60)).getAccepted()).isEqualTo(1);
    }

    /**
     * The plane stops reading long before the batches of the client would fill its memory, and still serves other
     * clients.
     */
    @Test
    void stops_reading_from_a_client_that_does_not_read() throws Exception {
        var stalled = new ResponseRecorder();
        stalled.readNothing = true;
        var requests = (ClientCallStreamObserver<StreamReadingsRequest>)
                IngestServiceGrpc.newStub(channel).streamReadings(stalled);
        // All readings are rejected, one by one, so that the acknowledgements are large, too.
        var times = LongStream.range(T0, T0 + 1_000).toArray();
        int sent = 0;
        do {
            while (requests.isReady()) {
                requests.onNext(request(heartRates(times, new double[times.length])));
                sent++;
                assertThat(sent).as("batches the plane has read without an end").isLessThan(20_000);
            }
        } while (stalled.ready.tryAcquire(1, TimeUnit.SECONDS));
        assertThat(put(heartRates(times(T0 + 1), 60)).getAccepted()).isEqualTo(1);
        requests.cancel("enough", null);
    }

    @Test
    void accepts_batches_of_the_documented_size() {
        int size = 100_000;
        var columns = Columns.newBuilder().setCode(HEART_RATE).setUnit("/min").setStartUs(T0);
        for (int i = 0; i < size; i++) {
            columns.addTimeDeltaUs(1_000).addValues(60 + i % 10);
        }
        assertThat(put(batch(columns.build())).getAccepted()).isEqualTo(size);
    }

    private List<Double> stored() {
        var values = new ArrayList<Double>();
        query.queryReadings(
                        QueryReadingsRequest.newBuilder().setPatientId(patient).build())
                .forEachRemaining(chunk -> chunk.getSeriesList()
                        .forEach(series -> values.addAll(series.getColumns().getValuesList())));
        return values;
    }

    private static StreamReadingsRequest request(Batch batch) {
        return StreamReadingsRequest.newBuilder().setBatch(batch).build();
    }

    private List<StreamReadingsResponse> stream(int count, IntFunction<Batch> batch) throws Exception {
        var observer = new ResponseRecorder();
        var requests = IngestServiceGrpc.newStub(channel).streamReadings(observer);
        for (int i = 0; i < count; i++) {
            requests.onNext(request(batch.apply(i)));
        }
        requests.onCompleted();
        observer.ended.get(30, TimeUnit.SECONDS);
        return observer.received;
    }

    private static final class ResponseRecorder
            implements ClientResponseObserver<StreamReadingsRequest, StreamReadingsResponse> {

        private final List<StreamReadingsResponse> received = new CopyOnWriteArrayList<>();
        private final CompletableFuture<Void> ended = new CompletableFuture<>();
        private final Semaphore ready = new Semaphore(0);
        private boolean readNothing;

        @Override
        public void beforeStart(ClientCallStreamObserver<StreamReadingsRequest> requests) {
            requests.setOnReadyHandler(ready::release);
            if (readNothing) {
                requests.disableAutoRequestWithInitial(0);
            }
        }

        @Override
        public void onNext(StreamReadingsResponse response) {
            received.add(response);
        }

        @Override
        public void onError(Throwable failure) {
            ended.completeExceptionally(failure);
        }

        @Override
        public void onCompleted() {
            ended.complete(null);
        }
    }

    @Test
    void refuses_a_request_without_a_batch() {
        assertRefused(
                Status.Code.INVALID_ARGUMENT,
                "batch",
                () -> ingest.putReadings(PutReadingsRequest.getDefaultInstance()));
    }
}
