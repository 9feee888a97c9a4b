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
record Call(Status.Code code, String message) {

    private static final long PATIENCE_SECONDS = 30;

    static <Q, R> Call of(Channel channel, MethodDescriptor<Q, R> method, Message request) {
        return of(channel, method, request, new Metadata());
    }

    @SuppressWarnings("unchecked") // the caller has the request of the method
    static <Q, R> Call of(Channel channel, MethodDescriptor<Q, R> method, Message request, Metadata headers) {
        var listener = new First<R>();
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

    private static final class First<R> extends ClientCall.Listener<R> {

        private final CountDownLatch done = new CountDownLatch(1);
        private volatile Call outcome;

        @Override
        public void onMessage(R response) {
            ended(inside((Message) response));
        }

        @Override
        public void onClose(Status status, Metadata trailers) {
            ended(new Call(status.getCode(), String.valueOf(status.getDescription())));
        }

        private void ended(Call with) {
            if (outcome == null) {
                outcome = with;
                done.countDown();
            }
        }

        private static Call inside(Message response) {
            for (var field : response.getAllFields().values()) {
                if (field instanceof com.google.rpc.Status status) {
                    return new Call(Status.fromCodeValue(status.getCode()).getCode(), status.getMessage());
                }
                if (field instanceof Message message
                        && message.getDescriptorForType().getName().equals("RefusedBatch")) {
                    return inside(message);
                }
            }
            return new Call(Status.Code.OK, "");
        }
    }
}
