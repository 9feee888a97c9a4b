package io.pulseplane.gate;

import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.Status;

/**
 * A call that the gate may end while the endpoint answers it. What the endpoint says after that is dropped, on whatever
 * thread it is said.
 */
final class Door<Q, R> extends SimpleForwardingServerCall<Q, R> {

    private boolean shut;

    Door(ServerCall<Q, R> call) {
        super(call);
    }

    /** Ends the call, unless it has ended; whether it did. */
    synchronized boolean shut(Status status, Metadata trailers) {
        if (shut) {
            return false;
        }
        shut = true;
        super.close(status, trailers);
        return true;
    }

    @Override
    public synchronized void sendHeaders(Metadata headers) {
        if (!shut) {
            super.sendHeaders(headers);
        }
    }

    @Override
    public synchronized void sendMessage(R message) {
        if (!shut) {
            super.sendMessage(message);
        }
    }

    @Override
    public void close(Status status, Metadata trailers) {
        shut(status, trailers);
    }

    @Override
    public synchronized boolean isReady() {
        return !shut && super.isReady();
    }
}
