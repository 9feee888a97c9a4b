package io.pulseplane.api;

import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.smallrye.mutiny.Uni;
import java.util.function.Supplier;

/** Sends the responses of unary calls. */
final class UnaryCalls {

    private UnaryCalls() {}

    /**
     * Runs the work, and cancels it if the caller cancels the call. Sends a failure of the supplier like one of the
     * work.
     */
    static <T> void answer(StreamObserver<T> responses, Supplier<Uni<T>> work) {
        Uni<T> answer;
        try {
            answer = work.get();
        } catch (RuntimeException | Error failure) {
            responses.onError(StatusMapper.toException(failure));
            return;
        }
        var subscription = answer.subscribe()
                .with(item -> send(responses, item), failure -> responses.onError(StatusMapper.toException(failure)));
        ((ServerCallStreamObserver<T>) responses).setOnCancelHandler(subscription::cancel);
    }

    /** Runs work that must finish even if the caller cancels the call: a write. */
    static <T> void answerToCompletion(StreamObserver<T> responses, Supplier<Uni<T>> work) {
        var call = (ServerCallStreamObserver<T>) responses;
        call.setOnCancelHandler(() -> {});
        try {
            work.get()
                    .subscribe()
                    .with(
                            item -> send(responses, item),
                            failure -> responses.onError(StatusMapper.toException(failure)));
        } catch (RuntimeException | Error failure) {
            responses.onError(StatusMapper.toException(failure));
        }
    }

    /** Sends the response and completes the call, or ends it with the failure if the response cannot be sent. */
    static <T> void send(StreamObserver<T> responses, T item) {
        try {
            responses.onNext(item);
        } catch (RuntimeException | Error failure) {
            responses.onError(StatusMapper.toException(failure));
            return;
        }
        responses.onCompleted();
    }
}
