package io.pulseplane.gate;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import io.pulseplane.v1.Batch;
import io.pulseplane.v1.Columns;
import io.pulseplane.v1.IngestServiceGrpc;
import io.pulseplane.v1.StreamReadingsRequest;
import io.pulseplane.v1.StreamReadingsResponse;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A message over 4 MiB on a stream that goes on. */
class LargeMessageTest extends GatedPlaneTestBase {

    private StreamReadingsRequest batch(long sequence, int codeLength) {
        return StreamReadingsRequest.newBuilder()
                .setBatch(Batch.newBuilder()
                        .setDeviceId(monitor)
                        .setPatientId(ada)
                        .setSequence(sequence)
                        .addColumns(Columns.newBuilder()
                                .setCode(codeLength == 0 ? GateRequests.HEART_RATE : "x".repeat(codeLength))
                                .setUnit("/min")
                                .setStartUs(T0 + sequence)
                                .addTimeDeltaUs(0)
                                .addValues(60)))
                .build();
    }

    @ParameterizedTest
    @ValueSource(strings = {"identity", "gzip"})
    void is_refused_alone_and_the_batches_around_it_are_acknowledged(String compression) throws Exception {
        var responses = new CopyOnWriteArrayList<StreamReadingsResponse>();
        var end = new CompletableFuture<Status>();
        var stub = IngestServiceGrpc.newStub(plane.asDevice(monitor));
        var batches = (compression.equals("gzip") ? stub.withCompression("gzip") : stub)
                .streamReadings(new StreamObserver<>() {
                    @Override
                    public void onNext(StreamReadingsResponse response) {
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
                });
        batches.onNext(batch(1, 0));
        batches.onNext(batch(2, 5 << 20));
        batches.onNext(batch(3, 0));
        batches.onCompleted();

        assertThat(end.get(20, TimeUnit.SECONDS).getCode()).isEqualTo(Status.Code.OK);
        assertThat(responses).hasSize(3);
        assertThat(responses.stream()
                        .filter(StreamReadingsResponse::hasAcknowledgement)
                        .map(response -> response.getAcknowledgement().getSequence()))
                .containsExactlyInAnyOrderElementsOf(List.of(1L, 3L));
        assertThat(responses.stream()
                        .filter(StreamReadingsResponse::hasRefused)
                        .map(response -> response.getRefused().getError().getCode()))
                .containsExactly(Status.Code.RESOURCE_EXHAUSTED.value());
    }
}
