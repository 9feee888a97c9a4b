package io.pulseplane.api;

import com.google.protobuf.Message;
import com.google.protobuf.UnknownFieldSet;
import io.grpc.KnownLength;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.PrototypeMarshaller;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServiceDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.pulseplane.vitals.OutOfMemory;
import io.pulseplane.vitals.PlaneException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.System.Logger.Level;

/**
 * Handles requests whose bytes are not a valid message, or are a message that is too large, perhaps only after
 * decompression. gRPC alone would end such a call with UNKNOWN or reset it, and log a stack trace. With these
 * marshallers, the gate answers INVALID_ARGUMENT or RESOURCE_EXHAUSTED, and a stream of requests continues with the
 * next request.
 */
final class MalformedRequest {

    private static final System.Logger LOG = System.getLogger(MalformedRequest.class.getName());

    /**
     * A batch of 100,000 readings has at most 1.9 MB; the rest is reserve. The transport takes larger messages, so that
     * the gate can refuse them.
     */
    static final int MAX_BYTES = 4 << 20;

    private static final UnknownFieldSet UNPARSABLE = mark();
    private static final UnknownFieldSet TOO_LARGE = mark();
    private static final UnknownFieldSet FAILED = mark();

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
        if (mark == FAILED) {
            throw new IllegalStateException("reading the request failed");
        }
        if (mark == TOO_LARGE) {
            throw new PlaneException.ResourceExhausted("a request must be at most " + MAX_BYTES + " bytes");
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

    /** Fails when more than {@link #MAX_BYTES} are read from it. */
    private static final class BoundedStream extends FilterInputStream {

        private long remaining = MAX_BYTES;

        BoundedStream(InputStream bytes) {
            super(bytes);
        }

        @Override
        public int read() throws IOException {
            int value = super.read();
            count(value < 0 ? 0 : 1);
            return value;
        }

        @Override
        public int read(byte[] buffer, int offset, int length) throws IOException {
            int count = super.read(buffer, offset, length);
            count(Math.max(0, count));
            return count;
        }

        private void count(int bytes) {
            remaining -= bytes;
            if (remaining < 0) {
                throw Status.RESOURCE_EXHAUSTED.asRuntimeException();
            }
        }
    }

    /** Parses as the original does, and returns a marked message if that fails. */
    private static final class MarkingMarshaller<T> implements MethodDescriptor.Marshaller<T> {

        private final PrototypeMarshaller<T> original;
        private final T unparsable;
        private final T tooLarge;
        private final T failed;

        MarkingMarshaller(PrototypeMarshaller<T> original) {
            this.original = original;
            this.unparsable = marked(UNPARSABLE);
            this.tooLarge = marked(TOO_LARGE);
            this.failed = marked(FAILED);
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
                // The size of a compressed message shows only while it is read.
                if (bytes instanceof KnownLength) {
                    return bytes.available() > MAX_BYTES ? tooLarge : original.parse(bytes);
                }
                return original.parse(new BoundedStream(bytes));
            } catch (IOException _) {
                return unparsable;
            } catch (StatusRuntimeException e) {
                return e.getStatus().getCode() == Status.Code.RESOURCE_EXHAUSTED ? tooLarge : unparsable;
            } catch (RuntimeException | Error failure) {
                OutOfMemory.exitIfCauseOf(failure);
                LOG.log(Level.ERROR, "A request could not be read, by a fault of the plane", failure);
                return failed;
            }
        }
    }
}
