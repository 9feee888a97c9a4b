package io.pulseplane.gate;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.Status;
import io.pulseplane.api.v1.GetLatestRequest;
import io.pulseplane.api.v1.GetLatestResponse;
import io.pulseplane.api.v1.QueryServiceGrpc;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class DoorTest {

    /** What comes through to the transport. */
    private final List<String> said = new ArrayList<>();

    private final Door<GetLatestRequest, GetLatestResponse> door = new Door<>(new ServerCall<>() {
        @Override
        public void request(int numMessages) {
            said.add("request " + numMessages);
        }

        @Override
        public void sendHeaders(Metadata headers) {
            said.add("headers");
        }

        @Override
        public void sendMessage(GetLatestResponse message) {
            said.add("message");
        }

        @Override
        public void close(Status status, Metadata trailers) {
            said.add("close " + status.getCode());
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
        door.sendHeaders(new Metadata());
        door.sendMessage(GetLatestResponse.getDefaultInstance());
        door.close(Status.OK, new Metadata());
    }

    @Test
    void lets_an_answer_through() {
        assertThat(door.isReady()).isTrue();
        answer();
        assertThat(said).containsExactly("headers", "message", "close OK");
    }

    @Test
    void lets_nothing_through_once_it_is_shut() {
        assertThat(door.shut(Status.PERMISSION_DENIED, new Metadata())).isTrue();
        answer();
        assertThat(said).containsExactly("close PERMISSION_DENIED");
        assertThat(door.isReady()).isFalse();
    }

    @Test
    void is_not_shut_again_when_the_answer_is_complete() {
        answer();
        assertThat(door.shut(Status.PERMISSION_DENIED, new Metadata())).isFalse();
        door.close(Status.INTERNAL, new Metadata());
        assertThat(said).containsExactly("headers", "message", "close OK");
    }
}
