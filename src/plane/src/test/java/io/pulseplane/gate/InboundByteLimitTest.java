package io.pulseplane.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.grpc.Attributes;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerStreamTracer;
import io.grpc.ServerStreamTracer.ServerCallInfo;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.pulseplane.v1.IngestServiceGrpc;
import org.junit.jupiter.api.Test;

class InboundByteLimitTest {

    private static final int FREE = InboundByteLimit.FREE_BYTES_PER_CALL;

    private final InboundByteLimit limit = new InboundByteLimit(1_000, 1_500);
    private final ClientConnection connection = ClientConnection.unknown();

    private ServerStreamTracer call(ClientConnection connection) {
        var tracer = limit.newServerStreamTracer("any", new Metadata());
        tracer.serverCallStarted(new StartedCall<>(IngestServiceGrpc.getPutReadingsMethod(), connection));
        return tracer;
    }

    private static final class StartedCall<Q, R> extends ServerCallInfo<Q, R> {

        private final MethodDescriptor<Q, R> method;
        private final ClientConnection connection;

        StartedCall(MethodDescriptor<Q, R> method, ClientConnection connection) {
            this.method = method;
            this.connection = connection;
        }

        @Override
        public MethodDescriptor<Q, R> getMethodDescriptor() {
            return method;
        }

        @Override
        public Attributes getAttributes() {
            return Attributes.newBuilder().set(ClientConnection.KEY, connection).build();
        }

        @Override
        public String getAuthority() {
            return "";
        }
    }

    private static void assertRefused(ServerStreamTracer call, long bytes) {
        assertThatThrownBy(() -> call.inboundWireSize(bytes))
                .isInstanceOfSatisfying(
                        StatusRuntimeException.class,
                        refusal -> assertThat(refusal.getStatus().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED));
    }

    @Test
    void does_not_count_small_messages() {
        for (int i = 0; i < 10; i++) {
            call(connection).inboundWireSize(FREE);
        }
        assertThat(limit.countedBytes()).isZero();
    }

    @Test
    void counts_larger_messages_until_they_end() {
        var call = call(connection);
        call.inboundWireSize(FREE - 10);
        call.inboundWireSize(110);
        call.inboundWireSize(200);
        assertThat(limit.countedBytes()).isEqualTo(300);
        assertThat(connection.inboundBytes()).hasValue(300);
        call.inboundMessageRead(0, FREE + 300, FREE + 300);
        assertThat(limit.countedBytes()).isZero();
        assertThat(connection.inboundBytes()).hasValue(0);
        call.inboundWireSize(FREE + 1_000);
        assertThat(limit.countedBytes()).as("for the next message").isEqualTo(1_000);
    }

    @Test
    void bounds_one_connection() {
        call(connection).inboundWireSize(FREE + 600);
        var second = call(connection);
        second.inboundWireSize(FREE + 400);
        assertRefused(second, 1);
        assertThat(limit.countedBytes()).as("the refused call keeps nothing").isEqualTo(600);
        call(ClientConnection.unknown()).inboundWireSize(FREE + 900);
    }

    @Test
    void bounds_all_connections_together() {
        call(connection).inboundWireSize(FREE + 1_000);
        var other = call(ClientConnection.unknown());
        other.inboundWireSize(FREE + 500);
        assertRefused(other, 1);
        assertThat(limit.countedBytes()).isEqualTo(1_000);
    }

    @Test
    void releases_the_bytes_once_when_the_call_ends() {
        var call = call(connection);
        call.inboundWireSize(FREE + 900);
        call.streamClosed(Status.CANCELLED);
        call.streamClosed(Status.CANCELLED);
        assertThat(limit.countedBytes()).isZero();
        assertThat(connection.inboundBytes()).hasValue(0);
    }
}
