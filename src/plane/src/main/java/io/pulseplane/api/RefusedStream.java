package io.pulseplane.api;

import io.grpc.stub.StreamObserver;

/** Ignores what the client still sends on a stream that was refused. */
final class RefusedStream<T> implements StreamObserver<T> {

    @Override
    public void onNext(T message) {
        // The client has its status, or gets it soon.
    }

    @Override
    public void onError(Throwable failure) {
        // There is nothing to end.
    }

    @Override
    public void onCompleted() {
        // There is nothing to end.
    }
}
