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
 * Handles requests whose bytes are not a valid message, or decompress to a message that is too large. gRPC alone would
 * end such a call with UNKNOWN and log a stack trace. With these marshallers, the gate answers INVALID_ARGUMENT or
 * RESOURCE_EXHAUSTED, and a stream of requests continues with the next request.
 */
final class MalformedRequest {

    private static final UnknownFieldSet UNPARSABLE = mark();
    private static final UnknownFieldSet TOO_LARGE = mark();

    private MalformedRequest() {}

    /** Creates a mark. Marks are compared by identity, so that a caller cannot send one. */
    private static UnknownFieldSet mark() {
        return UnknownFieldSet.newBuilder()
                .addField(1, UnknownFieldSet.Field.newBuilder().addVarint(0).build())
                .build();
    }

    /** Throws the fault if the message is a mark for a malformed request. */
    @SuppressWarnings("ReferenceEquality") // an equal message that a caller sends must not count as a mark
    static void throwIfMalformed(Message request) {
        var mark = request.getUnknownFields();
        if (mark == UNPARSABLE) {
            throw new PlaneException.InvalidArgument("request", "must be a message of the type that this rpc takes");
        }
        if (mark == TOO_LARGE) {
            throw new PlaneException.ResourceExhausted("the decompressed request is larger than the plane accepts");
        }
    }

    /**
     * Returns the service with marshallers that mark malformed requests; {@link AccessRules} refuses marked requests.
     */
    static ServerServiceDefinition withMarkingMarshallers(ServerServiceDefinition service) {
        var descriptor = ServiceDescriptor.newBuilder(
                        service.getServiceDescriptor().getName())
                .setSchemaDescriptor(service.getServiceDescriptor().getSchemaDescriptor());
        var methods = service.getMethods().stream()
                .map(MalformedRequest::withMarkingMarshaller)
                .toList();
        methods.forEach(method -> descriptor.addMethod(method.getMethodDescriptor()));
        var marking = ServerServiceDefinition.builder(descriptor.build());
        methods.forEach(marking::addMethod);
        return marking.build();
    }

    private static <Q, R> ServerMethodDefinition<Q, R> withMarkingMarshaller(ServerMethodDefinition<Q, R> method) {
        var descriptor = method.getMethodDescriptor();
        var marking = descriptor.toBuilder(
                        new MarkingMarshaller<>((PrototypeMarshaller<Q>) descriptor.getRequestMarshaller()),
                        descriptor.getResponseMarshaller())
                .build();
        return ServerMethodDefinition.create(marking, method.getServerCallHandler());
    }

    /** Parses as the original does, and returns a marked message if that fails. */
    private static final class MarkingMarshaller<T> implements MethodDescriptor.Marshaller<T> {

        private final PrototypeMarshaller<T> original;
        private final T unparsable;
        private final T tooLarge;

        MarkingMarshaller(PrototypeMarshaller<T> original) {
            this.original = original;
            this.unparsable = marked(UNPARSABLE);
            this.tooLarge = marked(TOO_LARGE);
        }

        @SuppressWarnings("unchecked") // the builder of the prototype builds a T
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
                // Decompression throws it; gRPC checks the size of uncompressed messages before it calls the
                // marshaller.
                return e.getStatus().getCode() == Status.Code.RESOURCE_EXHAUSTED ? tooLarge : unparsable;
            }
        }
    }
}
