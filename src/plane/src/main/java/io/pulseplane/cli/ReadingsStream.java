package io.pulseplane.cli;

import com.google.rpc.Code;
import io.grpc.Channel;
import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.pulseplane.api.v1.Batch;
import io.pulseplane.api.v1.IngestServiceGrpc;
import io.pulseplane.api.v1.StreamReadingsRequest;
import io.pulseplane.api.v1.StreamReadingsResponse;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * A device's side of {@code StreamReadings}: keeps every batch until it is acknowledged, and sends it again, with the
 * same sequence, when the connection was lost or the plane asked to come back later.
 *
 * <p>Batches are sent by one thread; it waits while too many are unacknowledged.
 */
final class ReadingsStream {

    private static final Duration FIRST_PAUSE = Duration.ofMillis(100);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(2);

    private record Key(String device, long sequence) {}

    private static final class Pending {

        private final Batch batch;
        private final int readings;
        private final long begun = System.nanoTime();

        Pending(Batch batch) {
            this.batch = batch;
            this.readings = batch.getColumnsList().stream()
                    .mapToInt(columns -> columns.getValuesCount())
                    .sum();
        }
    }

    private final IngestServiceGrpc.IngestServiceStub stub;
    private final Summary summary;
    private final int maxUnacknowledged;
    private final Duration patience;
    private final Consumer<StreamReadingsResponse> onResponse;

    /** In the order of sending. */
    private final Map<Key, Pending> unacknowledged = new LinkedHashMap<>();

    private ClientCallStreamObserver<StreamReadingsRequest> requests;
    private Status lost;

    /** Whether the plane has answered anything on the stream there is. */
    private boolean wasAnswered;

    private long lostSince;
    private Duration pause = FIRST_PAUSE;

    /**
     * @param maxUnacknowledged how many batches may be under way
     * @param patience how long to try again when the plane is not there
     * @param onResponse sees every response
     */
    ReadingsStream(
            Channel channel,
            Summary summary,
            int maxUnacknowledged,
            Duration patience,
            Consumer<StreamReadingsResponse> onResponse) {
        this.stub = IngestServiceGrpc.newStub(channel);
        this.summary = summary;
        this.maxUnacknowledged = maxUnacknowledged;
        this.patience = patience;
        this.onResponse = onResponse;
    }

    /** Sends a batch; throws what the plane said if it is gone for good. */
    synchronized void send(Batch batch) throws InterruptedException {
        var pending = new Pending(batch);
        while (unacknowledged.size() >= maxUnacknowledged || requests != null && !requests.isReady() || lost != null) {
            waitOrReconnect();
        }
        unacknowledged.put(new Key(batch.getDeviceId(), batch.getSequence()), pending);
        summary.sent(pending.readings);
        if (requests == null) {
            connect();
        } else {
            requests.onNext(StreamReadingsRequest.newBuilder().setBatch(batch).build());
        }
    }

    /** Waits until everything is acknowledged and ends the stream. */
    synchronized void finish() throws InterruptedException {
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
        if (!mayPass(lost) || System.nanoTime() - lostSince > patience.toNanos()) {
            throw lost.asRuntimeException();
        }
        wait(pause.toMillis());
        pause = pause.multipliedBy(2).compareTo(LONGEST_PAUSE) < 0 ? pause.multipliedBy(2) : LONGEST_PAUSE;
        connect();
    }

    private boolean mayPass(Status status) {
        return switch (status.getCode()) {
            case UNAVAILABLE, ABORTED, RESOURCE_EXHAUSTED -> true;
            // A token that was good has expired; the next stream shows a new one.
            case UNAUTHENTICATED -> wasAnswered;
            default -> false;
        };
    }

    /** Opens a stream and sends everything that is not acknowledged. */
    private void connect() {
        lost = null;
        wasAnswered = false;
        var observer = new Responses();
        stub.streamReadings(observer);
        for (var pending : List.copyOf(unacknowledged.values())) {
            requests.onNext(
                    StreamReadingsRequest.newBuilder().setBatch(pending.batch).build());
        }
    }

    private synchronized void answered(Responses from, StreamReadingsResponse response) {
        if (from.call != requests) {
            return;
        }
        onResponse.accept(response);
        wasAnswered = true;
        lostSince = 0;
        pause = FIRST_PAUSE;
        switch (response.getOutcomeCase()) {
            case ACKNOWLEDGEMENT -> {
                var acknowledgement = response.getAcknowledgement();
                var pending =
                        unacknowledged.remove(new Key(acknowledgement.getDeviceId(), acknowledgement.getSequence()));
                if (pending != null) {
                    summary.acknowledged(acknowledgement, System.nanoTime() - pending.begun);
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
        var pending = unacknowledged.remove(new Key(refused.getDeviceId(), refused.getSequence()));
        if (pending != null) {
            summary.refused(refused, pending.readings);
        }
    }

    private synchronized void ended(Responses from, Status status) {
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

    private final class Responses implements ClientResponseObserver<StreamReadingsRequest, StreamReadingsResponse> {

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
