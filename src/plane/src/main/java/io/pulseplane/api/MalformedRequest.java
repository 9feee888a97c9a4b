package io.pulseplane.api;

import com.google.protobuf.Message;
import com.google.protobuf.UnknownFieldSet;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.PrototypeMarshaller;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServiceDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.pulseplane.vitals.PlaneException;
import java.io.InputStream;

/**
 * Requests whose bytes are no message, or were compressed and would be too large a one. gRPC ends such a call with UNKNOWN
 * and a stack trace in the log; here the caller hears INVALID_ARGUMENT or RESOURCE_EXHAUSTED from the gate, and a stream
 * of requests goes on with the next one.
 */
final class MalformedRequest {

    private static final UnknownFieldSet UNPARSABLE = mark();
    private static final UnknownFieldSet TOO_LARGE = mark();

    private MalformedRequest() {}

    /** Compared by identity, so that no bytes from outside can look like it. */
    private static UnknownFieldSet mark() {
        return UnknownFieldSet.newBuilder()
                .addField(1, UnknownFieldSet.Field.newBuilder().addVarint(0).build())
                .build();
    }

    /** Throws what is wrong with it if this stands for a request that could not be read. */
    static void throwIfMalformed(Message request) {
        var mark = request.getUnknownFields();
        if (mark == UNPARSABLE) {
            throw new PlaneException.InvalidArgument("request", "must be a message of the type that this rpc takes");
        }
        if (mark == TOO_LARGE) {
            throw new PlaneException.ResourceExhausted(
                    "the request is larger than the plane reads, once it is unpacked");
        }
    }

    /** The same service, which gets requests that could not be read as such; {@link AccessRules} has them refused. */
    static ServerServiceDefinition withMarkingMarshallers(ServerServiceDefinition service) {
        var descriptor = ServiceDescriptor.newBuilder(
                        service.getServiceDescriptor().getName())
                .setSchemaDescriptor(service.getServiceDescriptor().getSchemaDescriptor());
        var methods =
                service.getMethods().stream().map(MalformedRequest::marked).toList();
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
        private final T unparsable;
        private final T tooLarge;

        MarkingMarshaller(PrototypeMarshaller<T> original) {
            this.original = original;
            this.unparsable = marked(UNPARSABLE);
            this.tooLarge = marked(TOO_LARGE);
        }

        @SuppressWarnings("unchecked") // a message of the type of its prototype
        private T marked(UnknownFieldSet mark) {
            return (T) ((Message) original.getMessagePrototype())
                    .newBuilderForType()
                    .setUnknownFields(mark)
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
                // By what reads compressed bytes: what comes uncompressed is measured before it gets here.
                return e.getStatus().getCode() == Status.Code.RESOURCE_EXHAUSTED ? tooLarge : unparsable;
            }
        }
    }
}
