package io.pulseplane.loadtest.client;

import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import java.util.function.LongFunction;

/**
 * Calls to be made, by their number.
 *
 * @param headers of each call; of each stream, for those that stream
 */
record CallGenerator<Q, R>(MethodDescriptor<Q, R> method, LongFunction<Q> request, LongFunction<Metadata> headers) {

    /** All of them by the same caller. */
    static <Q, R> CallGenerator<Q, R> of(Metadata caller, MethodDescriptor<Q, R> method, LongFunction<Q> request) {
        return new CallGenerator<>(method, request, _ -> caller);
    }

    /** As gRPC wants them: it adds to what it is given. */
    Metadata headersOf(long number) {
        var copy = new Metadata();
        copy.merge(headers.apply(number));
        return copy;
    }
}
