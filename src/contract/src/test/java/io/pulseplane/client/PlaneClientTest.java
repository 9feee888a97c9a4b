package io.pulseplane.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.protobuf.Any;
import com.google.rpc.BadRequest;
import com.google.rpc.RetryInfo;
import io.grpc.Context;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.StreamObserver;
import io.pulseplane.v1.GetLatestRequest;
import io.pulseplane.v1.GetLatestResponse;
import io.pulseplane.v1.PutPatientRequest;
import io.pulseplane.v1.PutPatientResponse;
import io.pulseplane.v1.QueryServiceGrpc;
import io.pulseplane.v1.RegistryServiceGrpc;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class PlaneClientTest {

    private static final Metadata.Key<String> AUTHORIZATION =
            Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

    private static final String NAME = "plane";

    /** The tokens and deadlines of the calls that arrived, in order. */
    private final Queue<Optional<String>> authorizations = new ConcurrentLinkedQueue<>();

    private final Queue<Optional<Long>> deadlines = new ConcurrentLinkedQueue<>();

    /** The failures of the next calls, in order; calls after them succeed. */
    private final Queue<StatusRuntimeException> failures = new ConcurrentLinkedQueue<>();

    private Server server;

    @BeforeEach
    void start() throws IOException {
        server = InProcessServerBuilder.forName(NAME)
                .directExecutor()
                .intercept(new RecordingInterceptor())
                .addService(new QueryServiceGrpc.QueryServiceImplBase() {
                    @Override
                    public void getLatest(GetLatestRequest request, StreamObserver<GetLatestResponse> responses) {
                        answer(responses, GetLatestResponse.getDefaultInstance());
                    }
                })
                .addService(new RegistryServiceGrpc.RegistryServiceImplBase() {
                    @Override
                    public void putPatient(PutPatientRequest request, StreamObserver<PutPatientResponse> responses) {
                        answer(responses, PutPatientResponse.getDefaultInstance());
                    }
                })
                .build()
                .start();
    }

    @AfterEach
    void stop() {
        server.shutdownNow();
    }

    @Test
    void sends_its_token_with_every_call() throws IOException {
        try (var client = client().token(TokenSource.of("abc")).build()) {
            getLatest(client);
            client.stub(RegistryServiceGrpc::newBlockingStub).putPatient(PutPatientRequest.getDefaultInstance());
        }
        assertThat(authorizations).containsExactly(Optional.of("Bearer abc"), Optional.of("Bearer abc"));
    }

    @Test
    void sends_no_token_by_default() throws IOException {
        try (var client = client().build()) {
            getLatest(client);
        }
        assertThat(authorizations).containsExactly(Optional.empty());
    }

    @Test
    void serves_several_callers_over_one_connection() throws IOException {
        try (var client = client().token(TokenSource.of("mine")).build()) {
            QueryServiceGrpc.newBlockingStub(client.channel(TokenSource.of("other")))
                    .getLatest(GetLatestRequest.getDefaultInstance());
            getLatest(client);
        }
        assertThat(authorizations).containsExactly(Optional.of("Bearer other"), Optional.of("Bearer mine"));
    }

    @Test
    void fails_a_call_whose_token_is_not_available() throws IOException {
        TokenSource broken = () -> {
            throw new IOException("no token today");
        };
        try (var client = client().token(broken).build()) {
            assertThatThrownBy(() -> getLatest(client)).hasMessage("UNAUTHENTICATED: no token today");
        }
        assertThat(authorizations).isEmpty();
    }

    @Test
    void gives_a_unary_call_ten_seconds_unless_it_has_a_deadline() throws IOException {
        try (var client = client().build()) {
            getLatest(client);
            client.stub(QueryServiceGrpc::newBlockingStub)
                    .withDeadlineAfter(1, TimeUnit.HOURS)
                    .getLatest(GetLatestRequest.getDefaultInstance());
        }
        assertThat(deadlines.remove())
                .hasValueSatisfying(millis -> assertThat(millis).isBetween(1L, 10_000L));
        assertThat(deadlines.remove())
                .hasValueSatisfying(millis -> assertThat(millis).isGreaterThan(10_000L));
    }

    @Test
    void sets_no_deadline_if_built_without_one() throws IOException {
        try (var client = client().withoutDeadline().build()) {
            getLatest(client);
        }
        assertThat(deadlines).containsExactly(Optional.empty());
    }

    @Test
    void retries_a_query_when_the_plane_is_unavailable() throws IOException {
        failures.add(Status.UNAVAILABLE.asRuntimeException());
        failures.add(Status.UNAVAILABLE.asRuntimeException());
        try (var client = client().retry(new RetryPolicy(4, Duration.ofMillis(1), Duration.ofMillis(2)))
                .build()) {
            getLatest(client);
        }
        assertThat(authorizations).hasSize(3);
    }

    @Test
    void does_not_retry_a_change_of_the_registry() throws IOException {
        failures.add(Status.UNAVAILABLE.asRuntimeException());
        try (var client = client().build()) {
            var registry = client.stub(RegistryServiceGrpc::newBlockingStub);
            assertThatThrownBy(() -> registry.putPatient(PutPatientRequest.getDefaultInstance()))
                    .hasMessageStartingWith("UNAVAILABLE");
        }
        assertThat(authorizations).hasSize(1);
    }

    @Test
    void status_details_have_the_invalid_fields_and_the_retry_delay() throws IOException {
        failures.add(StatusProto.toStatusRuntimeException(com.google.rpc.Status.newBuilder()
                .setCode(Status.Code.INVALID_ARGUMENT.value())
                .setMessage("patient_id is wrong")
                .addDetails(Any.pack(BadRequest.newBuilder()
                        .addFieldViolations(BadRequest.FieldViolation.newBuilder()
                                .setField("patient_id")
                                .setDescription("must not be empty"))
                        .build()))
                .addDetails(Any.pack(RetryInfo.newBuilder()
                        .setRetryDelay(com.google.protobuf.Duration.newBuilder().setNanos(50_000_000))
                        .build()))
                .build()));
        try (var client = client().build()) {
            var failure = catchThrowableOfType(StatusRuntimeException.class, () -> getLatest(client));

            var details = StatusDetails.of(failure);

            assertThat(details.status().getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
            assertThat(details.violations())
                    .isEqualTo(List.of(new StatusDetails.FieldViolation("patient_id", "must not be empty")));
            assertThat(details.retryDelay()).contains(Duration.ofMillis(50));
        }
    }

    private static PlaneClient.Builder client() {
        return PlaneClient.to(NAME).transport((target, credentials) -> InProcessChannelBuilder.forName(target));
    }

    private static void getLatest(PlaneClient client) {
        client.stub(QueryServiceGrpc::newBlockingStub).getLatest(GetLatestRequest.getDefaultInstance());
    }

    private <R> void answer(StreamObserver<R> responses, R response) {
        var failure = failures.poll();
        if (failure != null) {
            responses.onError(failure);
        } else {
            responses.onNext(response);
            responses.onCompleted();
        }
    }

    private final class RecordingInterceptor implements ServerInterceptor {
        @Override
        public <Q, R> ServerCall.Listener<Q> interceptCall(
                ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
            authorizations.add(Optional.ofNullable(headers.get(AUTHORIZATION)));
            deadlines.add(Optional.ofNullable(Context.current().getDeadline())
                    .map(deadline -> deadline.timeRemaining(TimeUnit.MILLISECONDS)));
            return next.startCall(call, headers);
        }
    }
}
