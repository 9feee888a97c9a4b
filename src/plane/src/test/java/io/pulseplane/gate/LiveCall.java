package io.pulseplane.gate;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Message;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.pulseplane.ReadingFixtures;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A call that was permitted and goes on: its first response has come. */
final class LiveCall {

    private static final int ALL = 1_000_000;

    private final ClientCall<Object, Object> call;
    private final BlockingQueue<CallResult> responses = new LinkedBlockingQueue<>();
    private final CompletableFuture<Status> end = new CompletableFuture<>();

    private LiveCall(ClientCall<Object, Object> call) {
        this.call = call;
        call.start(
                new ClientCall.Listener<>() {
                    @Override
                    public void onMessage(Object response) {
                        responses.add(CallResult.innerStatus((Message) response));
                    }

                    @Override
                    public void onClose(Status status, Metadata trailers) {
                        end.complete(status);
                    }
                },
                new Metadata());
    }

    @SuppressWarnings("unchecked") // the caller has the request of the method
    static LiveCall open(Channel channel, MethodDescriptor<?, ?> method, Message request) throws InterruptedException {
        var call = new LiveCall(channel.newCall((MethodDescriptor<Object, Object>) method, CallOptions.DEFAULT));
        call.receive(1);
        call.send(request);
        if (method.getType().clientSendsOneMessage()) {
            call.call.halfClose();
        }
        var first = call.responses.poll(ReadingFixtures.TIMEOUT.toSeconds(), TimeUnit.SECONDS);
        assertThat(first)
                .as("the first response of %s, which ends with %s", method.getFullMethodName(), call.end.getNow(null))
                .isNotNull();
        assertThat(first.code()).as(method.getFullMethodName()).isEqualTo(Status.Code.OK);
        return call;
    }

    void receive(int messages) {
        call.request(messages);
    }

    void receiveAll() {
        call.request(ALL);
    }

    void send(Message request) {
        if (!end.isDone()) {
            call.sendMessage(request);
        }
    }

    /** Whether the plane ended the call with a refusal. */
    boolean isEnded() {
        var status = end.getNow(null);
        assertThat(status == null || !status.isOk())
                .as("the answer ended before its permission")
                .isTrue();
        return status != null;
    }

    /** Whether one of the responses that came since the last call of this method refuses its request. */
    boolean isRefused() {
        boolean refused = false;
        for (var response = responses.poll(); response != null; response = responses.poll()) {
            refused |= response.code() != Status.Code.OK;
        }
        return refused;
    }
}
