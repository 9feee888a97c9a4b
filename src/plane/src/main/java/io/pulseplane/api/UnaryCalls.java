package io.pulseplane.api;

import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.smallrye.mutiny.Uni;
import java.util.function.Supplier;

/** Answers calls that have one answer. */
final class UnaryCalls {

    private UnaryCalls() {}

    /** The work stops if the caller goes away. Failures while it is put together are answered like those in it. */
    static <T> void answer(StreamObserver<T> responses, Supplier<Uni<T>> work) {
        Uni<T> answer;
        try {
            answer = work.get();
        } catch (RuntimeException failure) {
            responses.onError(StatusMapper.toException(failure));
            return;
        }
        var subscription = answer.subscribe()
                .with(item -> send(responses, item), failure -> responses.onError(StatusMapper.toException(failure)));
        ((ServerCallStreamObserver<T>) responses).setOnCancelHandler(subscription::cancel);
    }

    /** Work that is finished whether the caller waits for it or not: writes. */
    static <T> void answerToCompletion(StreamObserver<T> responses, Supplier<Uni<T>> work) {
        var call = (ServerCallStreamObserver<T>) responses;
        call.setOnCancelHandler(() -> {});
        try {
            work.get()
                    .subscribe()
                    .with(
                            item -> send(responses, item),
                            failure -> responses.onError(StatusMapper.toException(failure)));
        } catch (RuntimeException failure) {
            responses.onError(StatusMapper.toException(failure));
        }
    }

    /** Sends the answer there is. */
    static <T> void send(StreamObserver<T> responses, T item) {
        responses.onNext(item);
        responses.onCompleted();
    }
}
