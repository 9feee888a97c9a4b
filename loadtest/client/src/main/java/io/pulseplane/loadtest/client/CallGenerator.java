package io.pulseplane.loadtest.client;

import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import java.util.function.LongFunction;

/**
 * Generates calls by their number.
 *
 * @param headers the headers of a call, or of a stream for a streaming rpc
 */
record CallGenerator<Q, R>(MethodDescriptor<Q, R> method, LongFunction<Q> request, LongFunction<Metadata> headers) {

    /** Calls by one caller. */
    static <Q, R> CallGenerator<Q, R> of(Metadata caller, MethodDescriptor<Q, R> method, LongFunction<Q> request) {
        return new CallGenerator<>(method, request, _ -> caller);
    }

    /** A copy of the headers, because gRPC adds to the headers of a call. */
    Metadata headersOf(long number) {
        var copy = new Metadata();
        copy.merge(headers.apply(number));
        return copy;
    }
}
