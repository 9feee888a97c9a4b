package io.pulseplane.api;

import com.google.protobuf.Message;
import com.google.protobuf.UnknownFieldSet;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.PrototypeMarshaller;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServiceDescriptor;
import io.grpc.StatusRuntimeException;
import io.pulseplane.vitals.Problem;
import java.io.InputStream;

/**
 * Requests whose bytes are no message. gRPC ends such a call with UNKNOWN and a stack trace in the log; here the caller
 * hears INVALID_ARGUMENT from the gate, and a stream of requests goes on with the next one.
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

    /** The same service, which gets requests that could not be read as such; {@link AccessRules} has them refused. */
    static ServerServiceDefinition markedBy(ServerServiceDefinition service) {
        var descriptor = ServiceDescriptor.newBuilder(
                        service.getServiceDescriptor().getName())
                .setSchemaDescriptor(service.getServiceDescriptor().getSchemaDescriptor());
        var methods = service.getMethods().stream().map(Unreadable::marked).toList();
        methods.forEach(method -> descriptor.addMethod(method.getMethodDescriptor()));
        var marking = ServerServiceDefinition.builder(descriptor.build());
        methods.forEach(marking::addMethod);
        return marking.build();
    }

    private static <Q, R> ServerMethodDefinition<Q, R> marked(ServerMethodDefinition<Q, R> method) {
        var descriptor = method.getMethodDescriptor();
        var marking = descriptor.toBuilder(
                        new MarkingMarshaller<>((PrototypeMarshaller<Q>) descriptor.getRequestMarshaller()),
                        descriptor.getResponseMarshaller())
                .build();
        return ServerMethodDefinition.create(marking, method.getServerCallHandler());
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
