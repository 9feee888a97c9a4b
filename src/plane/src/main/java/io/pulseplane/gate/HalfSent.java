package io.pulseplane.gate;

import io.grpc.Metadata;
import io.grpc.ServerStreamTracer;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.util.concurrent.atomic.AtomicLong;

/**
 * How much of messages that have begun and not ended is kept: so much of one connection, and so much of all. The call
 * whose next bytes would be too many ends with RESOURCE_EXHAUSTED; messages of others, on the same connection too, go on.
 */
public final class HalfSent extends ServerStreamTracer.Factory {

    /** Of each call, is not counted: most messages are smaller, and cost nothing here. */
    static final int FREE = 16_384;

    private final long maxPerConnection;
    private final long max;
    private final AtomicLong all = new AtomicLong();

    /** @param max of all connections together */
    public HalfSent(long maxPerConnection, long max) {
        this.maxPerConnection = maxPerConnection;
        this.max = max;
    }

    /** What is counted now. */
    long bytes() {
        return all.get();
    }

    @Override
    public ServerStreamTracer newServerStreamTracer(String fullMethodName, Metadata headers) {
        return new OfCall();
    }

    /** The transport asks on one thread, and for no bytes before the call has started. */
    private final class OfCall extends ServerStreamTracer {

        private AtomicLong ofConnection = new AtomicLong();
        private long received;
        private long counted;

        @Override
        public void serverCallStarted(ServerCallInfo<?, ?> call) {
            var peer = call.getAttributes().get(Peer.KEY);
            if (peer != null) {
                ofConnection = peer.halfSent();
            }
        }

        @Override
        public void inboundWireSize(long bytes) {
            received += bytes;
            if (received > FREE) {
                count(received - FREE - counted);
            }
        }

        private void count(long bytes) {
            counted += bytes;
            // Both are added to before either is looked at, so that giving back is the same whatever was too much.
            boolean tooMuch = ofConnection.addAndGet(bytes) > maxPerConnection;
            tooMuch |= all.addAndGet(bytes) > max;
            if (tooMuch) {
                giveBack();
                throw tooMuch();
            }
        }

        @Override
        public void inboundMessageRead(int number, long wireSize, long size) {
            giveBack();
        }

        @Override
        public void streamClosed(Status status) {
            giveBack();
        }

        private void giveBack() {
            received = 0;
            if (counted > 0) {
                ofConnection.addAndGet(-counted);
                all.addAndGet(-counted);
                counted = 0;
            }
        }
    }

    private static StatusRuntimeException tooMuch() {
        return Status.RESOURCE_EXHAUSTED
                .withDescription("too much of messages that have not ended")
                .asRuntimeException();
    }
}
