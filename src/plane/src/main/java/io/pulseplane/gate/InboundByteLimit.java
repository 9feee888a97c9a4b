package io.pulseplane.gate;

import io.grpc.Metadata;
import io.grpc.ServerStreamTracer;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Limits the bytes of unfinished messages that are kept in memory, for each connection and for all connections
 * together. A call that exceeds a limit ends with RESOURCE_EXHAUSTED. All other calls go on, on the same connection
 * too.
 */
public final class InboundByteLimit extends ServerStreamTracer.Factory {

    /** The first bytes of each message are not counted. Most messages are smaller, and cost nothing here. */
    static final int FREE_BYTES_PER_CALL = 16_384;

    private final long maxBytesPerConnection;
    private final long maxBytes;
    private final AtomicLong totalBytes = new AtomicLong();

    /** @param maxBytes for all connections together */
    public InboundByteLimit(long maxBytesPerConnection, long maxBytes) {
        this.maxBytesPerConnection = maxBytesPerConnection;
        this.maxBytes = maxBytes;
    }

    /** The bytes counted at this moment. */
    long countedBytes() {
        return totalBytes.get();
    }

    @Override
    public ServerStreamTracer newServerStreamTracer(String fullMethodName, Metadata headers) {
        return new CallTracer();
    }

    /** Counts for one call. The transport uses one thread for it, and reads no bytes before the call has started. */
    private final class CallTracer extends ServerStreamTracer {

        private AtomicLong connectionBytes = new AtomicLong();
        private long receivedBytes;
        private long countedBytes;

        @Override
        public void serverCallStarted(ServerCallInfo<?, ?> call) {
            var connection = call.getAttributes().get(ClientConnection.KEY);
            if (connection != null) {
                connectionBytes = connection.inboundBytes();
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
            // Both counters grow before either is checked, so release() may always subtract from both.
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
                .withDescription("too many bytes of unfinished messages")
                .asRuntimeException();
    }
}
