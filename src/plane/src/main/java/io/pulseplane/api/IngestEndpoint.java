package io.pulseplane.api;

import io.grpc.BindableService;
import io.grpc.ServerServiceDefinition;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.pulseplane.api.v1.IngestServiceGrpc;
import io.pulseplane.api.v1.PutReadingsRequest;
import io.pulseplane.api.v1.PutReadingsResponse;
import io.pulseplane.api.v1.StreamReadingsRequest;
import io.pulseplane.api.v1.StreamReadingsResponse;
import io.pulseplane.ingest.Ingest;
import io.pulseplane.vitals.Batch;
import io.pulseplane.vitals.Problem;
import io.quarkus.grpc.GrpcService;
import io.smallrye.mutiny.Uni;
import java.time.Duration;

/** {@code IngestService}. */
@GrpcService
public class IngestEndpoint implements IngestServiceGrpc.AsyncService, BindableService {

    private static final Duration RETRY_WHEN_FULL = Duration.ofMillis(50);

    private final Ingest ingest;
    private final Limits limits;
    private final BatchReader reader;
    private final IngestMessages messages;

    public IngestEndpoint(Ingest ingest, Limits limits) {
        this.ingest = ingest;
        this.limits = limits;
        this.reader = new BatchReader(limits.maxBatchReadings());
        this.messages = new IngestMessages(ingest.screening());
    }

    @Override
    public ServerServiceDefinition bindService() {
        return Unreadable.markedBy(IngestServiceGrpc.bindService(this));
    }

    @Override
    public StreamObserver<StreamReadingsRequest> streamReadings(StreamObserver<StreamReadingsResponse> responses) {
        return new IngestStream(
                ingest, reader, messages, limits.maxStreamBytes(), (ServerCallStreamObserver<StreamReadingsResponse>)
                        responses);
    }

    @Override
    public void putReadings(PutReadingsRequest request, StreamObserver<PutReadingsResponse> responses) {
        Unary.answerAlways(responses, () -> put(read(request)));
    }

    private Batch read(PutReadingsRequest request) {
        try {
            return reader.readPermitted(request.hasBatch(), request.getBatch());
        } catch (Problem refusal) {
            ingest.refused();
            throw refusal;
        }
    }

    private Uni<PutReadingsResponse> put(Batch batch) {
        long bytes = BatchReader.bytes(batch);
        if (!ingest.budget().tryReserve(bytes)) {
            throw new Problem.Exhausted("too many bytes wait to become durable", RETRY_WHEN_FULL);
        }
        return ingest.put(batch)
                .onTermination()
                .invoke(() -> ingest.budget().release(bytes))
                .map(outcome -> PutReadingsResponse.newBuilder()
                        .setAcknowledgement(messages.acknowledgement(outcome))
                        .build());
    }
}
