package io.pulseplane.gate;

import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.Status;

/**
 * A call that the gate may end while the endpoint answers it. Whatever the endpoint sends after that is dropped, on any
 * thread.
 */
final class CancellableCall<Q, R> extends SimpleForwardingServerCall<Q, R> {

    private boolean closed;

    CancellableCall(ServerCall<Q, R> call) {
        super(call);
    }

    /** Ends the call. Returns false if it had ended already. */
    synchronized boolean tryClose(Status status, Metadata trailers) {
        if (closed) {
            return false;
        }
        closed = true;
        super.close(status, trailers);
        return true;
    }

    @Override
    public synchronized void sendHeaders(Metadata headers) {
        if (!closed) {
            super.sendHeaders(headers);
        }
    }

    @Override
    public synchronized void sendMessage(R message) {
        if (!closed) {
            super.sendMessage(message);
        }
    }

    @Override
    public void close(Status status, Metadata trailers) {
        tryClose(status, trailers);
    }

    @Override
    public synchronized boolean isReady() {
        return !closed && super.isReady();
    }
}
