package io.pulseplane.client;

import com.google.rpc.Code;
import io.grpc.Channel;
import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.pulseplane.v1.Acknowledgement;
import io.pulseplane.v1.Batch;
import io.pulseplane.v1.IngestServiceGrpc;
import io.pulseplane.v1.RefusedBatch;
import io.pulseplane.v1.StreamReadingsRequest;
import io.pulseplane.v1.StreamReadingsResponse;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A device's side of {@code StreamReadings}. It keeps every batch until the plane acknowledges it, and sends it again with
 * the same sequence when the connection was lost or the plane asked to come back later.
 *
 * <p>Batches are sent by one thread, which waits while too many are unacknowledged.
 */
public final class ReadingsStream {

    /** Learns what became of batches. Called on gRPC's threads, one call at a time, and must not block. */
    public interface Listener {

        /** A batch is sent for the first time. */
        default void sent(int readings) {}

        /** A batch is durable. */
        default void acknowledged(Acknowledgement acknowledgement, long nanosSinceSent) {}

        /** The plane refused a batch for good: it is not sent again. */
        default void refused(RefusedBatch batch, int readings) {}

        /** Any response, before it is handled. */
        default void response(StreamReadingsResponse response) {}
    }

    private static final Duration INITIAL_BACKOFF = Duration.ofMillis(100);
    private static final Duration MAX_BACKOFF = Duration.ofSeconds(2);

    private record BatchKey(String device, long sequence) {}

    private static final class PendingBatch {

        private final Batch batch;
        private final int readings;
        private final long sentAt = System.nanoTime();

        PendingBatch(Batch batch) {
            this.batch = batch;
            this.readings = batch.getColumnsList().stream()
                    .mapToInt(columns -> columns.getValuesCount())
                    .sum();
        }
    }

    private final IngestServiceGrpc.IngestServiceStub stub;
    private final int maxUnacknowledged;
    private final Duration retryTimeout;
    private final Listener listener;

    /** In the order of sending. */
    private final Map<BatchKey, PendingBatch> unacknowledged = new LinkedHashMap<>();

    private ClientCallStreamObserver<StreamReadingsRequest> requests;
    private Status lost;

    /** Whether the plane has answered anything on the current stream. */
    private boolean answeredOnStream;

    private long lostSince;
    private Duration backoff = INITIAL_BACKOFF;

    /**
     * @param maxUnacknowledged how many batches may be under way
     * @param retryTimeout how long the stream is opened again and again when the plane does not answer
     */
    public ReadingsStream(Channel channel, int maxUnacknowledged, Duration retryTimeout, Listener listener) {
        this.stub = IngestServiceGrpc.newStub(channel);
        this.maxUnacknowledged = maxUnacknowledged;
        this.retryTimeout = retryTimeout;
        this.listener = listener;
    }

    /**
     * Sends a batch, after waiting for room.
     *
     * @throws io.grpc.StatusRuntimeException what the plane said last, when it did not come back within the timeout
     */
    public synchronized void send(Batch batch) throws InterruptedException {
        var pending = new PendingBatch(batch);
        while (unacknowledged.size() >= maxUnacknowledged || requests != null && !requests.isReady() || lost != null) {
            waitOrReconnect();
        }
        unacknowledged.put(new BatchKey(batch.getDeviceId(), batch.getSequence()), pending);
        listener.sent(pending.readings);
        if (requests == null) {
            connect();
        } else {
            requests.onNext(StreamReadingsRequest.newBuilder().setBatch(batch).build());
        }
    }

    /** Waits until everything is acknowledged, and ends the stream. */
    public synchronized void finish() throws InterruptedException {
        while (!unacknowledged.isEmpty()) {
            waitOrReconnect();
        }
        if (requests != null && lost == null) {
            requests.onCompleted();
        }
    }

    private void waitOrReconnect() throws InterruptedException {
        if (lost == null) {
            wait();
            return;
        }
        if (!isRetryable(lost) || System.nanoTime() - lostSince > retryTimeout.toNanos()) {
            throw lost.asRuntimeException();
        }
        wait(backoff.toMillis());
        backoff = backoff.multipliedBy(2).compareTo(MAX_BACKOFF) < 0 ? backoff.multipliedBy(2) : MAX_BACKOFF;
        connect();
    }

    private boolean isRetryable(Status status) {
        return switch (status.getCode()) {
            case UNAVAILABLE, ABORTED, RESOURCE_EXHAUSTED -> true;
            // A token that was good has expired; the next stream shows a new one.
            case UNAUTHENTICATED -> answeredOnStream;
            default -> false;
        };
    }

    /** Opens a stream and sends everything that is not acknowledged. */
    private void connect() {
        lost = null;
        answeredOnStream = false;
        var observer = new ResponseObserver();
        stub.streamReadings(observer);
        for (var pending : List.copyOf(unacknowledged.values())) {
            requests.onNext(
                    StreamReadingsRequest.newBuilder().setBatch(pending.batch).build());
        }
    }

    private synchronized void answered(ResponseObserver from, StreamReadingsResponse response) {
        if (from.call != requests) {
            return;
        }
        listener.response(response);
        answeredOnStream = true;
        lostSince = 0;
        backoff = INITIAL_BACKOFF;
        switch (response.getOutcomeCase()) {
            case ACKNOWLEDGEMENT -> {
                var acknowledgement = response.getAcknowledgement();
                var pending = unacknowledged.remove(
                        new BatchKey(acknowledgement.getDeviceId(), acknowledgement.getSequence()));
                if (pending != null) {
                    listener.acknowledged(acknowledgement, System.nanoTime() - pending.sentAt);
                }
            }
            case REFUSED -> refused(response);
            case OUTCOME_NOT_SET -> throw new IllegalStateException("a response without an outcome");
        }
        notifyAll();
    }

    private void refused(StreamReadingsResponse response) {
        var refused = response.getRefused();
        int code = refused.getError().getCode();
        if (code == Code.UNAVAILABLE_VALUE || code == Code.RESOURCE_EXHAUSTED_VALUE) {
            // Nothing was stored; all of it is sent again, in order, on a new stream.
            requests.cancel("the plane asked to come back later", null);
            lose(Status.fromCodeValue(code).withDescription(refused.getError().getMessage()));
            return;
        }
        var pending = unacknowledged.remove(new BatchKey(refused.getDeviceId(), refused.getSequence()));
        if (pending != null) {
            listener.refused(refused, pending.readings);
        }
    }

    private synchronized void ended(ResponseObserver from, Status status) {
        if (from.call == requests && lost == null && !(status.isOk() && unacknowledged.isEmpty())) {
            lose(status.isOk() ? Status.UNAVAILABLE.withDescription("the plane ended the stream") : status);
        }
        notifyAll();
    }

    private void lose(Status status) {
        lost = status;
        if (lostSince == 0) {
            lostSince = System.nanoTime();
        }
    }

    private synchronized void ready() {
        notifyAll();
    }

    private final class ResponseObserver
            implements ClientResponseObserver<StreamReadingsRequest, StreamReadingsResponse> {

        private ClientCallStreamObserver<StreamReadingsRequest> call;

        @Override
        public void beforeStart(ClientCallStreamObserver<StreamReadingsRequest> stream) {
            call = stream;
            requests = stream;
            stream.setOnReadyHandler(ReadingsStream.this::ready);
        }

        @Override
        public void onNext(StreamReadingsResponse response) {
            answered(this, response);
        }

        @Override
        public void onError(Throwable failure) {
            ended(this, Status.fromThrowable(failure));
        }

        @Override
        public void onCompleted() {
            ended(this, Status.OK);
        }
    }
}
