package io.pulseplane.api;

import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.pulseplane.api.v1.StreamReadingsRequest;
import io.pulseplane.api.v1.StreamReadingsResponse;
import io.pulseplane.ingest.Ingest;
import io.pulseplane.vitals.Problem;

/**
 * One stream of batches. Reads the next batch when all of this holds: the batches of this stream that are not
 * acknowledged yet stay under the stream's bound, those of all streams under the plane's, and the client takes its
 * acknowledgements. What has been read is made durable even if the client goes away.
 */
final class IngestStream implements StreamObserver<StreamReadingsRequest> {

    private final Ingest ingest;
    private final BatchReader reader;
    private final IngestMessages messages;
    private final long maxBytes;
    private final ServerCallStreamObserver<StreamReadingsResponse> responses;

    private long unacknowledgedBytes;
    private int unacknowledged;
    private boolean paused;
    private boolean halfClosed;
    private boolean over;

    IngestStream(
            Ingest ingest,
            BatchReader reader,
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
            var batch = reader.readPermitted(request.hasBatch(), request.getBatch());
            long bytes = BatchReader.bytes(batch);
            ingest.budget().reserve(bytes);
            synchronized (this) {
                unacknowledged++;
                unacknowledgedBytes += bytes;
            }
            ingest.put(batch)
                    .subscribe()
                    .with(
                            outcome -> answer(acknowledged(outcome), bytes),
                            failure -> answer(refused(request, failure), bytes));
        } catch (Problem refusal) {
            ingest.refused();
            synchronized (this) {
                respond(refused(request, refusal));
            }
        }
        synchronized (this) {
            paused = true;
        }
        resume();
    }

    private StreamReadingsResponse acknowledged(Ingest.Outcome outcome) {
        return StreamReadingsResponse.newBuilder()
                .setAcknowledgement(messages.acknowledgement(outcome))
                .build();
    }

    private static StreamReadingsResponse refused(StreamReadingsRequest request, Throwable failure) {
        return StreamReadingsResponse.newBuilder()
                .setRefused(IngestMessages.refused(request.getBatch(), failure))
                .build();
    }

    private void answer(StreamReadingsResponse response, long bytes) {
        synchronized (this) {
            unacknowledged--;
            unacknowledgedBytes -= bytes;
            respond(response);
            completeIfDone();
        }
        ingest.budget().release(bytes);
        resume();
    }

    /** Reads on if it had stopped and need not stop any more. */
    private void resume() {
        synchronized (this) {
            if (!paused || over || unacknowledgedBytes >= maxBytes || !responses.isReady()) {
                return;
            }
            paused = false;
        }
        ingest.budget().whenThereIsRoom(() -> responses.request(1));
    }

    private void respond(StreamReadingsResponse response) {
        if (!over) {
            responses.onNext(response);
        }
    }

    private void completeIfDone() {
        if (halfClosed && unacknowledged == 0 && !over) {
            over = true;
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
        over = true;
    }
}
