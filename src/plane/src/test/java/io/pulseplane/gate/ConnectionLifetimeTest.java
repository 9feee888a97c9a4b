package io.pulseplane.gate;

import static io.pulseplane.gate.RawHttp2Client.GOAWAY;
import static io.pulseplane.gate.RawHttp2Client.HEADERS;
import static io.pulseplane.gate.RawHttp2Client.NO_ERROR;
import static io.pulseplane.gate.RawHttp2Client.NO_FLAGS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.ConnectivityState;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.StreamObserver;
import io.pulseplane.v1.QueryServiceGrpc;
import io.pulseplane.v1.StreamLatestRequest;
import io.pulseplane.v1.StreamLatestResponse;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.QuarkusTestProfile;
import io.quarkus.test.junit.TestProfile;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Connections end when they are idle or old. Clients reconnect, and their calls go on. */
@QuarkusTest
@TestProfile(ConnectionLifetimeTest.Profile.class)
class ConnectionLifetimeTest extends ServedPlane {

    public static final class Profile implements QuarkusTestProfile {
        @Override
        public Map<String, String> getConfigOverrides() {
            return Map.of(
                    "pulseplane.gate.max-idle", "1s",
                    "pulseplane.gate.max-age", "3s");
        }
    }

    private ManagedChannel connect() {
        return keep(NettyChannelBuilder.forAddress("127.0.0.1", server.getPort())
                .usePlaintext()
                .build());
    }

    @Test
    void a_connection_without_calls_is_closed() throws Exception {
        try (var client = new RawHttp2Client(server.getPort())) {
            client.awaitClosed();
            assertThat(client.received(GOAWAY).getLast().error()).isEqualTo(NO_ERROR);
        }
    }

    /** A call whose request has not ended does not count as a call. */
    @Test
    void a_connection_with_half_a_call_is_closed() throws Exception {
        try (var client = new RawHttp2Client(server.getPort())) {
            var headers = client.headers("/pulseplane.v1.QueryService/GetLatest", Map.of());
            client.frame(HEADERS, NO_FLAGS, 1, headers).flush();
            client.awaitClosed();
        }
    }

    @Test
    void a_connection_with_a_call_is_asked_to_end_when_it_is_old_and_the_call_goes_on() throws Exception {
        try (var client = new RawHttp2Client(server.getPort())) {
            var headers = client.headers(
                    "/" + QueryServiceGrpc.getStreamLatestMethod().getFullMethodName(),
                    Map.of("authorization", "Bearer " + token("authorized_medical_staff")));
            client.frame(HEADERS, RawHttp2Client.END_HEADERS, 1, headers).flush();
            await().until(() -> !client.received(GOAWAY).isEmpty());
            assertThat(client.received(GOAWAY))
                    .allSatisfy(end -> assertThat(end.error()).isEqualTo(NO_ERROR));
            assertThat(client.isClosed()).isFalse();
        }
    }

    @Test
    void a_stream_outlives_the_age_of_its_connection_and_calls_beside_it_go_on() throws Exception {
        var channel = connect();
        var staff = QueryServiceGrpc.newStub(as("authorized_medical_staff", channel));
        BlockingQueue<StreamLatestResponse> responses = new LinkedBlockingQueue<>();
        var end = new CompletableFuture<Status>();
        var requests = staff.streamLatest(new StreamObserver<>() {
            @Override
            public void onNext(StreamLatestResponse response) {
                responses.add(response);
            }

            @Override
            public void onError(Throwable failure) {
                end.complete(Status.fromThrowable(failure));
            }

            @Override
            public void onCompleted() {
                end.complete(Status.OK);
            }
        });
        send(requests);
        assertThat(responses.poll(30, TimeUnit.SECONDS)).isNotNull();
        try (var old = new RawHttp2Client(server.getPort())) {
            var headers = old.headers(
                    "/" + QueryServiceGrpc.getStreamLatestMethod().getFullMethodName(),
                    Map.of("authorization", "Bearer " + token("authorized_medical_staff")));
            old.frame(HEADERS, RawHttp2Client.END_HEADERS, 1, headers).flush();
            // This connection is younger. When the plane asks it to end, it has asked the older one before.
            await().until(() -> !old.received(GOAWAY).isEmpty());
        }
        send(requests);
        assertThat(responses.poll(30, TimeUnit.SECONDS)).isNotNull();
        assertThat(patients(channel).code()).isEqualTo(Status.Code.OK);
        requests.onCompleted();
        assertThat(end.get(30, TimeUnit.SECONDS)).isEqualTo(Status.OK);
    }

    private static void send(StreamObserver<StreamLatestRequest> requests) {
        requests.onNext(StreamLatestRequest.newBuilder().setPatientId("ada").build());
    }

    @Test
    void a_client_whose_connection_was_closed_makes_another() {
        var channel = connect();
        assertThat(patients(channel).code()).isEqualTo(Status.Code.OK);
        await().until(() -> channel.getState(false) == ConnectivityState.IDLE);
        assertThat(patients(channel).code()).isEqualTo(Status.Code.OK);
    }
}
