package io.pulseplane.api;

import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Writes a stream of answers as fast as the client reads them: the next item is asked for when the transport has room
 * for it, so one item and the transport's buffer is all that waits for a slow client.
 */
final class StreamWriter<T, R> implements Flow.Subscriber<T> {

    private final ServerCallStreamObserver<R> responses;
    private final Function<T, R> translate;
    private final AtomicBoolean itemRequested = new AtomicBoolean();
    private volatile Flow.Subscription subscription;
    private volatile boolean cancelled;

    private StreamWriter(ServerCallStreamObserver<R> responses, Function<T, R> translate) {
        this.responses = responses;
        this.translate = translate;
    }

    /** Failures while the stream is put together are answered like those in it. */
    static <T, R> void write(
            StreamObserver<R> responses, Supplier<Flow.Publisher<T>> source, Function<T, R> translate) {
        var writer = new StreamWriter<>((ServerCallStreamObserver<R>) responses, translate);
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
            responses.onNext(translate.apply(item));
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
