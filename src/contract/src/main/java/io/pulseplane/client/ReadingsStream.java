package io.pulseplane.client;

import com.google.rpc.Code;
import io.grpc.Channel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.pulseplane.v1.Acknowledgement;
import io.pulseplane.v1.Batch;
import io.pulseplane.v1.IngestServiceGrpc;
import io.pulseplane.v1.RefusedBatch;
import io.pulseplane.v1.StreamReadingsRequest;
import io.pulseplane.v1.StreamReadingsResponse;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * The device's side of {@code StreamReadings}. It keeps every batch until the plane acknowledges it. When the
 * connection is lost, or the plane asks to retry later, it sends the batch again with the same sequence. Before that it
 * waits as long as the plane asks for, and it gives up when no batch got through for the retry timeout.
 *
 * <p>One thread sends the batches; it waits while too many batches are unacknowledged.
 */
public final class ReadingsStream {

    /** Receives the outcomes of batches. gRPC's threads call it, one at a time; it must not block. */
    public interface Listener {

        /** The stream sends a batch for the first time. */
        default void sent(int readings) {}

        /** A batch is durable. */
        default void acknowledged(Acknowledgement acknowledgement, long nanosSinceSent) {}

        /** The plane refused a batch, and the stream does not send it again. */
        default void refused(RefusedBatch batch, int readings) {}

        /**
         * The stream waits before it connects again.
         *
         * @param asked whether the plane asked for this wait
         */
        default void waiting(Duration delay, boolean asked, Status failure) {}

        /** A response arrived; the stream handles it afterwards. */
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

    /** The batches that are not acknowledged, in the order of sending. */
    private final Map<BatchKey, PendingBatch> unacknowledged = new LinkedHashMap<>();

    private ClientCallStreamObserver<StreamReadingsRequest> requests;

    /** Why the current stream ended; null while it is open. */
    private StatusDetails streamFailure;

    /** Whether the plane has answered on the current stream. */
    private boolean answeredOnStream;

    private long failedSince;
    private Duration backoff = INITIAL_BACKOFF;

    /**
     * @param maxUnacknowledged how many batches may be unacknowledged
     * @param retryTimeout how long the stream reconnects while no batch gets through
     */
    public ReadingsStream(Channel channel, int maxUnacknowledged, Duration retryTimeout, Listener listener) {
        this.stub = IngestServiceGrpc.newStub(channel);
        this.maxUnacknowledged = maxUnacknowledged;
        this.retryTimeout = retryTimeout;
        this.listener = listener;
    }

    /**
     * Sends a batch. Waits first while too many batches are unacknowledged.
     *
     * @throws io.grpc.StatusRuntimeException the last failure of the stream, if it cannot be retried, or the retry
     *     timeout has passed
     */
    public synchronized void send(Batch batch) throws InterruptedException {
        var pending = new PendingBatch(batch);
        while (unacknowledged.size() >= maxUnacknowledged
                || (requests != null && !requests.isReady())
                || streamFailure != null) {
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

    /** Waits until every batch is acknowledged, and finishes the stream. */
    public synchronized void finish() throws InterruptedException {
        while (!unacknowledged.isEmpty()) {
            waitOrReconnect();
        }
        if (requests != null && streamFailure == null) {
            requests.onCompleted();
        }
    }

    @SuppressWarnings("WaitNotInLoop") // every caller loops until its condition holds
    private void waitOrReconnect() throws InterruptedException {
        if (streamFailure == null) {
            wait();
            return;
        }
        if (!isRetryable(streamFailure.status())) {
            throw streamFailure.status().asRuntimeException();
        }
        var asked = streamFailure.retryDelay().orElse(Duration.ZERO);
        var delay = asked.compareTo(backoff) > 0 ? asked : backoff;
        long now = System.nanoTime();
        var failedFor = Duration.ofNanos(now - failedSince);
        // A wait beyond the timeout would be in vain, because the stream would not connect after it.
        if (failedFor.plus(asked).compareTo(retryTimeout) > 0) {
            throw gaveUp(asked);
        }
        listener.waiting(delay, !asked.isZero(), streamFailure.status());
        long left = delay.toNanos();
        while (left > 0) {
            // Rounded up: wait(0) would wait for ever.
            wait(TimeUnit.NANOSECONDS.toMillis(left) + 1);
            left = now + delay.toNanos() - System.nanoTime();
        }
        backoff = backoff.multipliedBy(2).compareTo(MAX_BACKOFF) < 0 ? backoff.multipliedBy(2) : MAX_BACKOFF;
        connect();
    }

    private StatusRuntimeException gaveUp(Duration asked) {
        var status = streamFailure.status();
        var reason = asked.isZero()
                ? "gave up after " + seconds(retryTimeout)
                : "gave up, because the plane asks to wait " + seconds(asked) + " and the limit for all attempts is "
                        + seconds(retryTimeout);
        return status.withDescription(
                        status.getDescription() == null
                                        || status.getDescription().isEmpty()
                                ? reason
                                : status.getDescription() + "; " + reason)
                .asRuntimeException();
    }

    private static String seconds(Duration duration) {
        return BigDecimal.valueOf(duration.toMillis(), 3).stripTrailingZeros().toPlainString() + " s";
    }

    private boolean isRetryable(Status status) {
        return switch (status.getCode()) {
            case UNAVAILABLE, ABORTED, RESOURCE_EXHAUSTED -> true;
            // The plane accepted the token before, so it has expired; the next stream sends a new token.
            case UNAUTHENTICATED -> answeredOnStream;
            default -> false;
        };
    }

    /** Opens a stream, and sends all batches that are not acknowledged. */
    private void connect() {
        streamFailure = null;
        answeredOnStream = false;
        var observer = new ResponseObserver();
        stub.streamReadings(observer);
        for (var pending : List.copyOf(unacknowledged.values())) {
            requests.onNext(
                    StreamReadingsRequest.newBuilder().setBatch(pending.batch).build());
        }
    }

    private synchronized void onResponse(ResponseObserver observer, StreamReadingsResponse response) {
        if (observer.call != requests) {
            return;
        }
        listener.response(response);
        answeredOnStream = true;
        switch (response.getOutcomeCase()) {
            case ACKNOWLEDGEMENT -> {
                onProgress();
                var acknowledgement = response.getAcknowledgement();
                var pending = unacknowledged.remove(
                        new BatchKey(acknowledgement.getDeviceId(), acknowledgement.getSequence()));
                if (pending != null) {
                    listener.acknowledged(acknowledgement, System.nanoTime() - pending.sentAt);
                }
            }
            case REFUSED -> onRefused(response);
            case OUTCOME_NOT_SET -> throw new IllegalStateException("the plane sent a response without an outcome");
        }
        notifyAll();
    }

    private void onRefused(StreamReadingsResponse response) {
        var refused = response.getRefused();
        int code = refused.getError().getCode();
        if (code == Code.UNAVAILABLE_VALUE || code == Code.RESOURCE_EXHAUSTED_VALUE) {
            // The plane stored nothing, so the stream reconnects and sends all batches again, in order.
            requests.cancel("the plane asked to retry later", null);
            fail(StatusDetails.of(refused.getError()));
            return;
        }
        onProgress();
        var pending = unacknowledged.remove(new BatchKey(refused.getDeviceId(), refused.getSequence()));
        if (pending != null) {
            listener.refused(refused, pending.readings);
        }
    }

    /** The plane takes batches. A request to retry later is none: the plane may repeat it for ever. */
    private void onProgress() {
        failedSince = 0;
        backoff = INITIAL_BACKOFF;
    }

    private synchronized void onEnd(ResponseObserver observer, Throwable failure) {
        if (observer.call == requests && streamFailure == null) {
            fail(StatusDetails.of(failure));
        }
        notifyAll();
    }

    private synchronized void onCompleted(ResponseObserver observer) {
        if (observer.call == requests && streamFailure == null && !unacknowledged.isEmpty()) {
            fail(StatusDetails.of(Status.UNAVAILABLE
                    .withDescription("the plane ended the stream")
                    .asRuntimeException()));
        }
        notifyAll();
    }

    private void fail(StatusDetails failure) {
        streamFailure = failure;
        if (failedSince == 0) {
            failedSince = System.nanoTime();
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
            onResponse(this, response);
        }

        @Override
        public void onError(Throwable failure) {
            onEnd(this, failure);
        }

        @Override
        public void onCompleted() {
            ReadingsStream.this.onCompleted(this);
        }
    }
}
