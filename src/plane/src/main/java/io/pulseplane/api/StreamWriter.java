package io.pulseplane.api;

import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Writes a stream of responses as fast as the client reads them. It requests the next item when the transport has room
 * for it, so a slow client costs one item and the buffer of the transport.
 */
final class StreamWriter<T, R> implements Flow.Subscriber<T> {

    private final ServerCallStreamObserver<R> responses;
    private final Function<T, R> toResponse;
    private final AtomicBoolean itemRequested = new AtomicBoolean();
    private volatile Flow.Subscription subscription;
    private volatile boolean cancelled;

    private StreamWriter(ServerCallStreamObserver<R> responses, Function<T, R> toResponse) {
        this.responses = responses;
        this.toResponse = toResponse;
    }

    /** Subscribes to the source. A failure of the source itself is sent to the client like a failure of the stream. */
    static <T, R> void write(
            StreamObserver<R> responses, Supplier<Flow.Publisher<T>> source, Function<T, R> toResponse) {
        var writer = new StreamWriter<>((ServerCallStreamObserver<R>) responses, toResponse);
        writer.responses.setOnReadyHandler(writer::requestNext);
        writer.responses.setOnCancelHandler(writer::cancel);
        try {
            source.get().subscribe(writer);
        } catch (RuntimeException | Error failure) {
            responses.onError(StatusMapper.toException(failure));
        }
    }

    @Override
    public void onSubscribe(Flow.Subscription subscription) {
        this.subscription = subscription;
        if (cancelled) {
            subscription.cancel();
        } else {
            requestNext();
        }
    }

    private void requestNext() {
        var current = subscription;
        if (current != null && responses.isReady() && itemRequested.compareAndSet(false, true)) {
            current.request(1);
        }
    }

    private void cancel() {
        cancelled = true;
        var current = subscription;
        if (current != null) {
            current.cancel();
        }
    }

    @Override
    public void onNext(T item) {
        try {
            responses.onNext(toResponse.apply(item));
        } catch (RuntimeException | Error failure) {
            cancel();
            onError(failure);
            return;
        }
        itemRequested.set(false);
        requestNext();
    }

    @Override
    public void onError(Throwable failure) {
        responses.onError(StatusMapper.toException(failure));
    }

    @Override
    public void onComplete() {
        responses.onCompleted();
    }
}
