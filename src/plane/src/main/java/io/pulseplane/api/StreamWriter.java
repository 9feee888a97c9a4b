package io.pulseplane.api;

import com.google.protobuf.MessageLite;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.pulseplane.gate.Caller;
import io.pulseplane.query.AnswerBudget;
import io.pulseplane.store.ReadCaller;
import io.pulseplane.vitals.PlaneException;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;

/**
 * Writes a stream of responses as fast as the client reads them. It requests the next item when the transport has room
 * for it, so a slow client costs one item and the buffer of the transport. Both are in the account of the answer until
 * the transport has sent them.
 */
final class StreamWriter<T, R extends MessageLite> implements Flow.Subscriber<T> {

    private final ServerCallStreamObserver<R> responses;
    private final Function<T, R> toResponse;
    private final AnswerBudget.Account account;
    private final AtomicBoolean itemRequested = new AtomicBoolean();

    /** What the transport has not sent yet, at most. Changed by who has requested the item only. */
    private long unsentBytes;

    private volatile Flow.Subscription subscription;
    private volatile boolean cancelled;

    private StreamWriter(
            ServerCallStreamObserver<R> responses, AnswerBudget.Account account, Function<T, R> toResponse) {
        this.responses = responses;
        this.account = account;
        this.toResponse = toResponse;
    }

    /**
     * Subscribes to the source, which gets the account of the answer. A failure of the source itself is sent to the
     * client like a failure of the stream.
     */
    static <T, R extends MessageLite> void write(
            StreamObserver<R> responses,
            AnswerBudget budget,
            Function<AnswerBudget.Account, Flow.Publisher<T>> source,
            Function<T, R> toResponse) {
        AnswerBudget.Account account;
        try {
            account = budget.open(Caller.subject());
        } catch (PlaneException.ResourceExhausted tooMany) {
            responses.onError(StatusMapper.toException(tooMany));
            return;
        }
        var writer = new StreamWriter<>((ServerCallStreamObserver<R>) responses, account, toResponse);
        writer.responses.setOnReadyHandler(writer::requestNext);
        writer.responses.setOnCancelHandler(writer::cancel);
        writer.responses.setOnCloseHandler(account::close);
        try {
            ReadCaller.run(account.subject(), () -> source.apply(account).subscribe(writer));
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
            account.release(unsentBytes);
            unsentBytes = 0;
            current.request(1);
        }
    }

    private void cancel() {
        cancelled = true;
        account.close();
        var current = subscription;
        if (current != null) {
            current.cancel();
        }
    }

    @Override
    public void onNext(T item) {
        try {
            var response = toResponse.apply(item);
            unsentBytes = response.getSerializedSize();
            account.hold(unsentBytes);
            responses.onNext(response);
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
