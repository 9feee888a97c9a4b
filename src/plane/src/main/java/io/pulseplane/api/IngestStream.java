package io.pulseplane.api;

import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.pulseplane.ingest.Ingest;
import io.pulseplane.v1.StreamReadingsRequest;
import io.pulseplane.v1.StreamReadingsResponse;
import io.pulseplane.vitals.PlaneException;
import io.smallrye.mutiny.Uni;

/**
 * Serves one stream of batches. It reads the next batch if the unacknowledged batches of the stream are below the bound
 * of a stream, those of all streams are below the bound of the plane, and the client takes its acknowledgements. It
 * makes every batch that it has read durable, even if the client disconnects.
 */
final class IngestStream implements StreamObserver<StreamReadingsRequest> {

    private final Ingest ingest;
    private final BatchRequestReader reader;
    private final IngestMessages messages;
    private final long maxBytes;
    private final ServerCallStreamObserver<StreamReadingsResponse> responses;

    private long unacknowledgedBytes;
    private int unacknowledgedBatches;
    private boolean paused;
    private boolean halfClosed;
    private boolean finished;

    IngestStream(
            Ingest ingest,
            BatchRequestReader reader,
            IngestMessages messages,
            long maxBytes,
            ServerCallStreamObserver<StreamReadingsResponse> responses) {
        this.ingest = ingest;
        this.reader = reader;
        this.messages = messages;
        this.maxBytes = maxBytes;
        this.responses = responses;
        responses.disableAutoRequest();
        responses.setOnReadyHandler(this::resume);
        responses.setOnCancelHandler(this::cancelled);
        responses.request(1);
    }

    @Override
    public void onNext(StreamReadingsRequest request) {
        try {
            var batch = reader.readUnlessRefused(request.hasBatch(), request.getBatch());
            long bytes = BatchRequestReader.estimateBytes(batch);
            ingest.budget().reserve(bytes);
            synchronized (this) {
                unacknowledgedBatches++;
                unacknowledgedBytes += bytes;
            }
            Uni.createFrom()
                    .deferred(() -> ingest.put(batch))
                    .map(this::acknowledgementOf)
                    .onFailure()
                    .recoverWithItem(failure -> refusalOf(request, failure))
                    .subscribe()
                    .with(response -> answer(response, bytes), failure -> fail(failure, bytes));
        } catch (PlaneException refusal) {
            ingest.recordRefusal();
            synchronized (this) {
                respond(refusalOf(request, refusal));
            }
        } catch (RuntimeException | Error failure) {
            end(failure);
            return;
        }
        synchronized (this) {
            paused = true;
        }
        resume();
    }

    private StreamReadingsResponse acknowledgementOf(Ingest.Outcome outcome) {
        return StreamReadingsResponse.newBuilder()
                .setAcknowledgement(messages.acknowledgement(outcome))
                .build();
    }

    private static StreamReadingsResponse refusalOf(StreamReadingsRequest request, Throwable failure) {
        return StreamReadingsResponse.newBuilder()
                .setRefused(IngestMessages.refusedBatch(request.getBatch(), failure))
                .build();
    }

    private void answer(StreamReadingsResponse response, long bytes) {
        try {
            synchronized (this) {
                unacknowledgedBatches--;
                unacknowledgedBytes -= bytes;
                respond(response);
                completeIfDone();
            }
        } catch (RuntimeException | Error failure) {
            end(failure);
        }
        ingest.budget().release(bytes);
        resume();
    }

    private void fail(Throwable failure, long bytes) {
        end(failure);
        ingest.budget().release(bytes);
    }

    /** Ends the stream after a failure that is no refusal of a batch. */
    private synchronized void end(Throwable failure) {
        if (!finished) {
            finished = true;
            responses.onError(StatusMapper.toException(failure));
        }
    }

    /** Requests the next batch if reading is paused and the reason for the pause is gone. */
    private void resume() {
        synchronized (this) {
            if (!paused || finished || unacknowledgedBytes >= maxBytes || !responses.isReady()) {
                return;
            }
            paused = false;
        }
        ingest.budget().runWhenAvailable(() -> responses.request(1));
    }

    private void respond(StreamReadingsResponse response) {
        if (!finished) {
            responses.onNext(response);
        }
    }

    private void completeIfDone() {
        if (halfClosed && unacknowledgedBatches == 0 && !finished) {
            finished = true;
            responses.onCompleted();
        }
    }

    @Override
    public synchronized void onCompleted() {
        halfClosed = true;
        completeIfDone();
    }

    @Override
    public void onError(Throwable failure) {
        cancelled();
    }

    private synchronized void cancelled() {
        finished = true;
    }
}
