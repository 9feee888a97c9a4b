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
import io.pulseplane.api.v1.IngestServiceGrpc;
import org.junit.jupiter.api.Test;

class HalfSentTest {

    private static final int FREE = HalfSent.FREE;

    private final HalfSent halfSent = new HalfSent(1_000, 1_500);
    private final Peer peer = Peer.unknown();

    private ServerStreamTracer call(Peer peer) {
        var tracer = halfSent.newServerStreamTracer("any", new Metadata());
        tracer.serverCallStarted(new Started<>(IngestServiceGrpc.getPutReadingsMethod(), peer));
        return tracer;
    }

    private static final class Started<Q, R> extends ServerCallInfo<Q, R> {

        private final MethodDescriptor<Q, R> method;
        private final Peer peer;

        Started(MethodDescriptor<Q, R> method, Peer peer) {
            this.method = method;
            this.peer = peer;
        }

        @Override
        public MethodDescriptor<Q, R> getMethodDescriptor() {
            return method;
        }

        @Override
        public Attributes getAttributes() {
            return Attributes.newBuilder().set(Peer.KEY, peer).build();
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
        assertThat(halfSent.bytes()).isZero();
    }

    @Test
    void is_counted_beyond_that_until_the_message_has_ended() {
        var call = call(peer);
        call.inboundWireSize(FREE - 10);
        call.inboundWireSize(110);
        call.inboundWireSize(200);
        assertThat(halfSent.bytes()).isEqualTo(300);
        assertThat(peer.halfSent()).hasValue(300);
        call.inboundMessageRead(0, FREE + 300, FREE + 300);
        assertThat(halfSent.bytes()).isZero();
        assertThat(peer.halfSent()).hasValue(0);
        call.inboundWireSize(FREE + 1_000);
        assertThat(halfSent.bytes()).as("of the next message").isEqualTo(1_000);
    }

    @Test
    void is_bounded_for_one_connection() {
        call(peer).inboundWireSize(FREE + 600);
        var second = call(peer);
        second.inboundWireSize(FREE + 400);
        refuses(second, 1);
        assertThat(halfSent.bytes()).as("what was refused is not kept").isEqualTo(600);
        call(Peer.unknown()).inboundWireSize(FREE + 900);
    }

    @Test
    void is_bounded_for_all() {
        call(peer).inboundWireSize(FREE + 1_000);
        var other = call(Peer.unknown());
        other.inboundWireSize(FREE + 500);
        refuses(other, 1);
        assertThat(halfSent.bytes()).isEqualTo(1_000);
    }

    @Test
    void is_given_back_once_when_the_call_ends() {
        var call = call(peer);
        call.inboundWireSize(FREE + 900);
        call.streamClosed(Status.CANCELLED);
        call.streamClosed(Status.CANCELLED);
        assertThat(halfSent.bytes()).isZero();
        assertThat(peer.halfSent()).hasValue(0);
    }
}
