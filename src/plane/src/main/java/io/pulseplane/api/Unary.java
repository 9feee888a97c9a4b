package io.pulseplane.api;

import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.smallrye.mutiny.Uni;
import java.util.function.Supplier;

/** Answers calls that have one answer. */
final class Unary {

    private Unary() {}

    /** The work stops if the caller goes away. Failures while it is put together are answered like those in it. */
    static <T> void answer(StreamObserver<T> responses, Supplier<Uni<T>> work) {
        Uni<T> answer;
        try {
            answer = work.get();
        } catch (RuntimeException failure) {
            responses.onError(Errors.exception(failure));
            return;
        }
        var subscription = answer.subscribe()
                .with(item -> finish(responses, item), failure -> responses.onError(Errors.exception(failure)));
        ((ServerCallStreamObserver<T>) responses).setOnCancelHandler(subscription::cancel);
    }

    /** Work that is finished whether the caller waits for it or not: writes. */
    static <T> void answerAlways(StreamObserver<T> responses, Supplier<Uni<T>> work) {
        var call = (ServerCallStreamObserver<T>) responses;
        call.setOnCancelHandler(() -> {});
        try {
            work.get()
                    .subscribe()
                    .with(item -> finish(responses, item), failure -> responses.onError(Errors.exception(failure)));
        } catch (RuntimeException failure) {
            responses.onError(Errors.exception(failure));
        }
    }

    /** Sends the answer there is. */
    static <T> void finish(StreamObserver<T> responses, T item) {
        responses.onNext(item);
        responses.onCompleted();
    }
}
