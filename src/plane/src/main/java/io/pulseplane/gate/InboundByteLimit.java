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
public final class InboundByteLimit extends ServerStreamTracer.Factory {

    /** Of each call, is not counted: most messages are smaller, and cost nothing here. */
    static final int FREE_BYTES_PER_CALL = 16_384;

    private final long maxBytesPerConnection;
    private final long maxBytes;
    private final AtomicLong totalBytes = new AtomicLong();

    /** @param max of all connections together */
    public InboundByteLimit(long maxPerConnection, long max) {
        this.maxBytesPerConnection = maxPerConnection;
        this.maxBytes = max;
    }

    /** What is counted now. */
    long countedBytes() {
        return totalBytes.get();
    }

    @Override
    public ServerStreamTracer newServerStreamTracer(String fullMethodName, Metadata headers) {
        return new CallTracer();
    }

    /** The transport asks on one thread, and for no bytes before the call has started. */
    private final class CallTracer extends ServerStreamTracer {

        private AtomicLong connectionBytes = new AtomicLong();
        private long receivedBytes;
        private long countedBytes;

        @Override
        public void serverCallStarted(ServerCallInfo<?, ?> call) {
            var peer = call.getAttributes().get(ClientConnection.KEY);
            if (peer != null) {
                connectionBytes = peer.inboundBytes();
            }
        }

        @Override
        public void inboundWireSize(long bytes) {
            receivedBytes += bytes;
            if (receivedBytes > FREE_BYTES_PER_CALL) {
                count(receivedBytes - FREE_BYTES_PER_CALL - countedBytes);
            }
        }

        private void count(long bytes) {
            countedBytes += bytes;
            // Both are added to before either is looked at, so that giving back is the same whatever was too much.
            boolean tooMuch = connectionBytes.addAndGet(bytes) > maxBytesPerConnection;
            tooMuch |= totalBytes.addAndGet(bytes) > maxBytes;
            if (tooMuch) {
                release();
                throw limitExceeded();
            }
        }

        @Override
        public void inboundMessageRead(int number, long wireSize, long size) {
            release();
        }

        @Override
        public void streamClosed(Status status) {
            release();
        }

        private void release() {
            receivedBytes = 0;
            if (countedBytes > 0) {
                connectionBytes.addAndGet(-countedBytes);
                totalBytes.addAndGet(-countedBytes);
                countedBytes = 0;
            }
        }
    }

    private static StatusRuntimeException limitExceeded() {
        return Status.RESOURCE_EXHAUSTED
                .withDescription("too much of messages that have not ended")
                .asRuntimeException();
    }
}
