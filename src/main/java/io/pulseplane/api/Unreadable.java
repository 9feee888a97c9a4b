package io.pulseplane.api;

import com.google.protobuf.Message;
import com.google.protobuf.UnknownFieldSet;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.MethodDescriptor.PrototypeMarshaller;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServiceDescriptor;
import io.grpc.StatusRuntimeException;
import io.pulseplane.vitals.Problem;
import java.io.InputStream;

/**
 * Requests whose bytes are no message. gRPC ends such a call with UNKNOWN and a stack trace in the log; here the caller
 * hears INVALID_ARGUMENT, and a stream of requests goes on with the next one.
 */
final class Unreadable {

    /** Compared by identity, so that no bytes from outside can look like it. */
    private static final UnknownFieldSet MARK = UnknownFieldSet.newBuilder()
            .addField(1, UnknownFieldSet.Field.newBuilder().addVarint(0).build())
            .build();

    private Unreadable() {}

    /** Whether this stands for a request that could not be read. */
    static boolean is(Message request) {
        return request.getUnknownFields() == MARK;
    }

    static Problem.Invalid problem() {
        return new Problem.Invalid("request", "must be a message of the type that this rpc takes");
    }

    /**
     * The same service, with calls that have one request ended where it could not be read. Those that have many get it
     * handed on, and ask {@link #is}.
     */
    static ServerServiceDefinition refusedBy(ServerServiceDefinition service) {
        var descriptor = ServiceDescriptor.newBuilder(
                        service.getServiceDescriptor().getName())
                .setSchemaDescriptor(service.getServiceDescriptor().getSchemaDescriptor());
        var methods = service.getMethods().stream().map(Unreadable::refusedBy).toList();
        methods.forEach(method -> descriptor.addMethod(method.getMethodDescriptor()));
        var refusing = ServerServiceDefinition.builder(descriptor.build());
        methods.forEach(refusing::addMethod);
        return refusing.build();
    }

    private static <Q, R> ServerMethodDefinition<Q, R> refusedBy(ServerMethodDefinition<Q, R> method) {
        var descriptor = method.getMethodDescriptor();
        var marking = descriptor.toBuilder(
                        new MarkingMarshaller<>((PrototypeMarshaller<Q>) descriptor.getRequestMarshaller()),
                        descriptor.getResponseMarshaller())
                .build();
        var handler = method.getServerCallHandler();
        boolean oneRequest =
                descriptor.getType() == MethodType.UNARY || descriptor.getType() == MethodType.SERVER_STREAMING;
        return ServerMethodDefinition.create(marking, oneRequest ? refusing(handler) : handler);
    }

    private static <Q, R> ServerCallHandler<Q, R> refusing(ServerCallHandler<Q, R> handler) {
        return (call, headers) -> new RefusingListener<>(call, handler.startCall(call, headers));
    }

    private static final class RefusingListener<Q, R> extends SimpleForwardingServerCallListener<Q> {

        private final ServerCall<Q, R> call;
        private boolean refused;

        RefusingListener(ServerCall<Q, R> call, ServerCall.Listener<Q> listener) {
            super(listener);
            this.call = call;
        }

        @Override
        public void onMessage(Q request) {
            if (is((Message) request)) {
                refused = true;
                var refusal = Errors.exception(problem());
                call.close(refusal.getStatus(), refusal.getTrailers());
            } else {
                super.onMessage(request);
            }
        }

        @Override
        public void onHalfClose() {
            if (!refused) {
                super.onHalfClose();
            }
        }
    }

    /** Reads as the original does, and answers with a marked message where that fails. */
    private static final class MarkingMarshaller<T> implements MethodDescriptor.Marshaller<T> {

        private final PrototypeMarshaller<T> original;
        private final T unreadable;

        @SuppressWarnings("unchecked") // a message of the type of its prototype
        MarkingMarshaller(PrototypeMarshaller<T> original) {
            this.original = original;
            this.unreadable = (T) ((Message) original.getMessagePrototype())
                    .newBuilderForType()
                    .setUnknownFields(MARK)
                    .build();
        }

        @Override
        public InputStream stream(T message) {
            return original.stream(message);
        }

        @Override
        public T parse(InputStream bytes) {
            try {
                return original.parse(bytes);
            } catch (StatusRuntimeException e) {
                return unreadable;
            }
        }
    }
}
