package io.pulseplane.gate;

import com.google.protobuf.Message;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * The first result of one request of any rpc: a response or a status. A refusal inside of a response counts as the
 * status that it carries.
 */
record CallResult(Status.Code code, String message) {

    private static final long TIMEOUT_SECONDS = 30;

    static <Q, R> CallResult of(Channel channel, MethodDescriptor<Q, R> method, Message request) {
        return of(channel, method, request, new Metadata());
    }

    @SuppressWarnings("unchecked") // the caller has the request of the method
    static <Q, R> CallResult of(Channel channel, MethodDescriptor<Q, R> method, Message request, Metadata headers) {
        var listener = new FirstResult<R>();
        ClientCall<Q, R> call = channel.newCall(method, CallOptions.DEFAULT);
        call.start(listener, headers);
        call.request(1);
        call.sendMessage((Q) request);
        call.halfClose();
        try {
            if (!listener.done.await(TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
                throw new AssertionError("no response of " + method.getFullMethodName());
            }
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
        call.cancel("the first result has come", null);
        return listener.outcome;
    }

    boolean isPermitted() {
        return code != Status.Code.PERMISSION_DENIED && code != Status.Code.UNAUTHENTICATED;
    }

    private static final class FirstResult<R> extends ClientCall.Listener<R> {

        private final CountDownLatch done = new CountDownLatch(1);
        private volatile CallResult outcome;

        @Override
        public void onMessage(R response) {
            complete(innerStatus((Message) response));
        }

        @Override
        public void onClose(Status status, Metadata trailers) {
            complete(new CallResult(status.getCode(), String.valueOf(status.getDescription())));
        }

        private void complete(CallResult result) {
            if (outcome == null) {
                outcome = result;
                done.countDown();
            }
        }
    }

    /** The status that a response carries. */
    static CallResult innerStatus(Message response) {
        for (var field : response.getAllFields().values()) {
            if (field instanceof com.google.rpc.Status status) {
                return new CallResult(Status.fromCodeValue(status.getCode()).getCode(), status.getMessage());
            }
            if (field instanceof Message message
                    && message.getDescriptorForType().getName().equals("RefusedBatch")) {
                return innerStatus(message);
            }
        }
        return new CallResult(Status.Code.OK, "");
    }
}
