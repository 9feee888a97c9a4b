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
    private final ClientConnection peer = ClientConnection.unknown();

    private ServerStreamTracer call(ClientConnection peer) {
        var tracer = limit.newServerStreamTracer("any", new Metadata());
        tracer.serverCallStarted(new StartedCall<>(IngestServiceGrpc.getPutReadingsMethod(), peer));
        return tracer;
    }

    private static final class StartedCall<Q, R> extends ServerCallInfo<Q, R> {

        private final MethodDescriptor<Q, R> method;
        private final ClientConnection peer;

        StartedCall(MethodDescriptor<Q, R> method, ClientConnection peer) {
            this.method = method;
            this.peer = peer;
        }

        @Override
        public MethodDescriptor<Q, R> getMethodDescriptor() {
            return method;
        }

        @Override
        public Attributes getAttributes() {
            return Attributes.newBuilder().set(ClientConnection.KEY, peer).build();
        }

        @Override
        public String getAuthority() {
            return "";
        }
    }

    private static void refuses(ServerStreamTracer call, long bytes) {
        assertThatThrownBy(() -> call.inboundWireSize(bytes))
                .isInstanceOfSatisfying(
                        StatusRuntimeException.class,
                        refusal -> assertThat(refusal.getStatus().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED));
    }

    @Test
    void is_not_counted_of_small_messages() {
        for (int i = 0; i < 10; i++) {
            call(peer).inboundWireSize(FREE);
        }
        assertThat(limit.countedBytes()).isZero();
    }

    @Test
    void is_counted_beyond_that_until_the_message_has_ended() {
        var call = call(peer);
        call.inboundWireSize(FREE - 10);
        call.inboundWireSize(110);
        call.inboundWireSize(200);
        assertThat(limit.countedBytes()).isEqualTo(300);
        assertThat(peer.inboundBytes()).hasValue(300);
        call.inboundMessageRead(0, FREE + 300, FREE + 300);
        assertThat(limit.countedBytes()).isZero();
        assertThat(peer.inboundBytes()).hasValue(0);
        call.inboundWireSize(FREE + 1_000);
        assertThat(limit.countedBytes()).as("of the next message").isEqualTo(1_000);
    }

    @Test
    void is_bounded_for_one_connection() {
        call(peer).inboundWireSize(FREE + 600);
        var second = call(peer);
        second.inboundWireSize(FREE + 400);
        refuses(second, 1);
        assertThat(limit.countedBytes()).as("what was refused is not kept").isEqualTo(600);
        call(ClientConnection.unknown()).inboundWireSize(FREE + 900);
    }

    @Test
    void is_bounded_for_all() {
        call(peer).inboundWireSize(FREE + 1_000);
        var other = call(ClientConnection.unknown());
        other.inboundWireSize(FREE + 500);
        refuses(other, 1);
        assertThat(limit.countedBytes()).isEqualTo(1_000);
    }

    @Test
    void is_given_back_once_when_the_call_ends() {
        var call = call(peer);
        call.inboundWireSize(FREE + 900);
        call.streamClosed(Status.CANCELLED);
        call.streamClosed(Status.CANCELLED);
        assertThat(limit.countedBytes()).isZero();
        assertThat(peer.inboundBytes()).hasValue(0);
    }
}
