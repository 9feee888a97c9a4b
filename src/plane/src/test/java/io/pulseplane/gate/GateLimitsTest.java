package io.pulseplane.gate;

import static io.pulseplane.gate.GateRequests.STAFF;
import static io.pulseplane.gate.GateRequests.latest;
import static io.pulseplane.gate.GateRequests.latestOf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnknownFieldSet;
import com.google.rpc.RetryInfo;
import io.grpc.ClientInterceptors;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.StreamObserver;
import io.pulseplane.api.Tokens;
import io.pulseplane.gate.policy.Policy;
import io.pulseplane.gate.policy.PolicyDecision;
import io.pulseplane.gate.policy.PolicyInput;
import io.pulseplane.v1.QueryServiceGrpc;
import io.pulseplane.v1.StreamLatestRequest;
import io.pulseplane.v1.StreamLatestResponse;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The limits of the gate, through a real channel. */
class GateLimitsTest {

    @TempDir
    Path directory;

    private GatedPlane plane;

    private void open(GatedPlane.Options options) throws IOException {
        plane = new GatedPlane(directory, options);
        plane.register("ada");
        plane.grant("ada");
    }

    @AfterEach
    void close() {
        if (plane != null) {
            plane.close();
        }
    }

    @Test
    void hold_for_each_subject_by_itself() throws IOException {
        open(GatedPlane.Options.DEFAULTS.withRates(5, 0));
        var busy = plane.with(Tokens.of(plane.directory(), "busy", STAFF));
        var codes = new ArrayList<Status.Code>();
        for (int i = 0; i < 20; i++) {
            codes.add(latest(busy, "ada").code());
        }
        assertThat(codes).contains(Status.Code.OK, Status.Code.RESOURCE_EXHAUSTED);
        assertThat(plane.events.entries()).contains("query LIMITED");
        assertThat(latest(plane.with(Tokens.of(plane.directory(), "modest", STAFF)), "ada")
                        .code())
                .isEqualTo(Status.Code.OK);
    }

    @Test
    void say_when_to_come_back() throws IOException {
        open(GatedPlane.Options.DEFAULTS.withRates(1, 0));
        var staff = QueryServiceGrpc.newBlockingStub(plane.as(STAFF));
        assertThatThrownBy(() -> {
                    for (int i = 0; i < 10; i++) {
                        staff.getLatest(latestOf("ada"));
                    }
                })
                .isInstanceOfSatisfying(StatusRuntimeException.class, refusal -> {
                    assertThat(refusal.getStatus().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
                    assertThat(StatusProto.fromThrowable(refusal).getDetailsList())
                            .anyMatch(detail -> detail.is(RetryInfo.class));
                });
    }

    @Test
    void keep_callers_without_identity_from_filling_the_audit_trail() throws IOException {
        open(GatedPlane.Options.DEFAULTS.withRates(0, 5));
        for (int i = 0; i < 50; i++) {
            latest(plane.anonymous(), "ada");
        }
        assertThat(plane.auditRecords()).hasSizeBetween(5, 20);
        assertThat(latest(plane.as(STAFF), "ada").code())
                .as("a caller with a token is still served")
                .isEqualTo(Status.Code.OK);
    }

    /** Never decides, so that every request waits. */
    private static final class UndecidedPolicy implements Policy {

        @Override
        public CompletionStage<PolicyDecision> decide(PolicyInput input) {
            return new CompletableFuture<>();
        }

        @Override
        public String digest() {
            return "undecided";
        }

        @Override
        public void close() {}
    }

    @Test
    void hold_for_requests_that_wait_for_a_decision() throws Exception {
        open(GatedPlane.Options.DEFAULTS.withPolicy(new UndecidedPolicy()));
        var ended = new CompletableFuture<Status.Code>();
        var requests = QueryServiceGrpc.newStub(plane.as(STAFF)).streamLatest(new StreamObserver<>() {
            @Override
            public void onNext(StreamLatestResponse response) {
                ended.completeExceptionally(new AssertionError("answered: " + response));
            }

            @Override
            public void onError(Throwable failure) {
                ended.complete(Status.fromThrowable(failure).getCode());
            }

            @Override
            public void onCompleted() {
                ended.complete(Status.Code.OK);
            }
        });
        var padding = UnknownFieldSet.newBuilder()
                .addField(
                        1_000,
                        UnknownFieldSet.Field.newBuilder()
                                .addLengthDelimited(ByteString.copyFrom(new byte[3 << 20]))
                                .build())
                .build();
        var large = StreamLatestRequest.newBuilder()
                .setPatientId("ada")
                .setUnknownFields(padding)
                .build();
        for (int i = 0; i < 3; i++) {
            requests.onNext(large);
        }
        assertThat(ended)
                .as("one waits for its decision, and there is room for two more")
                .isNotDone();
        requests.onNext(large);
        assertThat(ended.get(30, TimeUnit.SECONDS)).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
    }

    @Test
    void hold_for_the_connections_of_an_address() throws IOException {
        open(GatedPlane.Options.DEFAULTS.withMaxConnections(2));
        var staff = Tokens.bearer(Tokens.of(plane.directory(), "somebody", STAFF));
        assertThat(latest(ClientInterceptors.intercept(plane.anonymous(), staff), "ada")
                        .code())
                .isEqualTo(Status.Code.OK);
        var second = plane.connect();
        assertThat(latest(ClientInterceptors.intercept(second, staff), "ada").code())
                .isEqualTo(Status.Code.OK);
        var third = plane.connect();
        assertThat(latest(ClientInterceptors.intercept(third, staff), "ada").code())
                .as("the plane closes the connection, which clients report in one way or the other")
                .isIn(Status.Code.UNAVAILABLE, Status.Code.INTERNAL);
        assertThat(plane.events.entries()).contains("connection refused");
        third.shutdownNow();
        second.shutdownNow();
        await().until(() -> latest(ClientInterceptors.intercept(plane.connect(), staff), "ada")
                        .code()
                == Status.Code.OK);
    }
}
