package io.pulseplane.api;

import io.grpc.BindableService;
import io.grpc.ServerServiceDefinition;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.pulseplane.ingest.Ingest;
import io.pulseplane.v1.IngestServiceGrpc;
import io.pulseplane.v1.PutReadingsRequest;
import io.pulseplane.v1.PutReadingsResponse;
import io.pulseplane.v1.StreamReadingsRequest;
import io.pulseplane.v1.StreamReadingsResponse;
import io.pulseplane.vitals.Batch;
import io.pulseplane.vitals.PlaneException;
import io.quarkus.grpc.GrpcService;
import io.smallrye.mutiny.Uni;
import java.time.Duration;

/** The endpoint of {@code IngestService}. */
@GrpcService
public class IngestEndpoint implements IngestServiceGrpc.AsyncService, BindableService {

    private static final Duration RETRY_DELAY_WHEN_FULL = Duration.ofMillis(50);

    private final Ingest ingest;
    private final EndpointLimits limits;
    private final BatchRequestReader reader;
    private final IngestMessages messages;

    public IngestEndpoint(Ingest ingest, EndpointLimits limits) {
        this.ingest = ingest;
        this.limits = limits;
        this.reader = new BatchRequestReader(limits.maxBatchReadings());
        this.messages = new IngestMessages(ingest.screener());
    }

    @Override
    public ServerServiceDefinition bindService() {
        return MalformedRequest.withMarkingMarshallers(IngestServiceGrpc.bindService(this));
    }

    @Override
    public StreamObserver<StreamReadingsRequest> streamReadings(StreamObserver<StreamReadingsResponse> responses) {
        return new IngestStream(
                ingest, reader, messages, limits.maxStreamBytes(), (ServerCallStreamObserver<StreamReadingsResponse>)
                        responses);
    }

    @Override
    public void putReadings(PutReadingsRequest request, StreamObserver<PutReadingsResponse> responses) {
        UnaryCalls.answerToCompletion(responses, () -> put(read(request)));
    }

    private Batch read(PutReadingsRequest request) {
        try {
            return reader.readUnlessRefused(request.hasBatch(), request.getBatch());
        } catch (PlaneException refusal) {
            ingest.recordRefusal();
            throw refusal;
        }
    }

    private Uni<PutReadingsResponse> put(Batch batch) {
        long bytes = BatchRequestReader.estimateBytes(batch);
        if (!ingest.budget().tryReserve(bytes)) {
            throw new PlaneException.ResourceExhausted("too many bytes wait to become durable", RETRY_DELAY_WHEN_FULL);
        }
        return ingest.put(batch)
                .onTermination()
                .invoke(() -> ingest.budget().release(bytes))
                .map(outcome -> PutReadingsResponse.newBuilder()
                        .setAcknowledgement(messages.acknowledgement(outcome))
                        .build());
    }
}
