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
 * One request of any rpc, and the first thing that came of it: an answer, or a status. Refusals inside of a stream of
 * answers count as the status they carry.
 */
record CallResult(Status.Code code, String message) {

    private static final long PATIENCE_SECONDS = 30;

    static <Q, R> CallResult of(Channel channel, MethodDescriptor<Q, R> method, Message request) {
        return of(channel, method, request, new Metadata());
    }

    @SuppressWarnings("unchecked") // the caller has the request of the method
    static <Q, R> CallResult of(Channel channel, MethodDescriptor<Q, R> method, Message request, Metadata headers) {
        var listener = new FirstAnswer<R>();
        ClientCall<Q, R> call = channel.newCall(method, CallOptions.DEFAULT);
        call.start(listener, headers);
        call.request(1);
        call.sendMessage((Q) request);
        call.halfClose();
        try {
            if (!listener.done.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                throw new AssertionError("no answer of " + method.getFullMethodName());
            }
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
        call.cancel("that is enough", null);
        return listener.outcome;
    }

    boolean isPermitted() {
        return code != Status.Code.PERMISSION_DENIED && code != Status.Code.UNAUTHENTICATED;
    }

    private static final class FirstAnswer<R> extends ClientCall.Listener<R> {

        private final CountDownLatch done = new CountDownLatch(1);
        private volatile CallResult outcome;

        @Override
        public void onMessage(R response) {
            ended(innerStatus((Message) response));
        }

        @Override
        public void onClose(Status status, Metadata trailers) {
            ended(new CallResult(status.getCode(), String.valueOf(status.getDescription())));
        }

        private void ended(CallResult with) {
            if (outcome == null) {
                outcome = with;
                done.countDown();
            }
        }

        private static CallResult innerStatus(Message response) {
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
}
