package io.pulseplane.gate;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.Status;
import io.pulseplane.v1.GetLatestRequest;
import io.pulseplane.v1.GetLatestResponse;
import io.pulseplane.v1.QueryServiceGrpc;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class CancellableCallTest {

    /** The calls that reach the transport. */
    private final List<String> transportEvents = new ArrayList<>();

    private final CancellableCall<GetLatestRequest, GetLatestResponse> call = new CancellableCall<>(new ServerCall<>() {
        @Override
        public void request(int numMessages) {
            transportEvents.add("request " + numMessages);
        }

        @Override
        public void sendHeaders(Metadata headers) {
            transportEvents.add("headers");
        }

        @Override
        public void sendMessage(GetLatestResponse message) {
            transportEvents.add("message");
        }

        @Override
        public void close(Status status, Metadata trailers) {
            transportEvents.add("close " + status.getCode());
        }

        @Override
        public boolean isReady() {
            return true;
        }

        @Override
        public boolean isCancelled() {
            return false;
        }

        @Override
        public MethodDescriptor<GetLatestRequest, GetLatestResponse> getMethodDescriptor() {
            return QueryServiceGrpc.getGetLatestMethod();
        }
    });

    private void answer() {
        call.sendHeaders(new Metadata());
        call.sendMessage(GetLatestResponse.getDefaultInstance());
        call.close(Status.OK, new Metadata());
    }

    @Test
    void lets_an_answer_through() {
        assertThat(call.isReady()).isTrue();
        answer();
        assertThat(transportEvents).containsExactly("headers", "message", "close OK");
    }

    @Test
    void lets_nothing_through_once_it_is_closed() {
        assertThat(call.tryClose(Status.PERMISSION_DENIED, new Metadata())).isTrue();
        answer();
        assertThat(transportEvents).containsExactly("close PERMISSION_DENIED");
        assertThat(call.isReady()).isFalse();
    }

    @Test
    void is_not_closed_again_when_the_answer_is_complete() {
        answer();
        assertThat(call.tryClose(Status.PERMISSION_DENIED, new Metadata())).isFalse();
        call.close(Status.INTERNAL, new Metadata());
        assertThat(transportEvents).containsExactly("headers", "message", "close OK");
    }
}
