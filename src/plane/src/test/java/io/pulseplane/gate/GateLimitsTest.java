package io.pulseplane.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnknownFieldSet;
import io.grpc.ClientInterceptors;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import io.pulseplane.api.Tokens;
import io.pulseplane.gate.policy.Policy;
import io.pulseplane.gate.policy.PolicyDecision;
import io.pulseplane.gate.policy.PolicyInput;
import io.pulseplane.v1.QueryServiceGrpc;
import io.pulseplane.v1.StreamLatestRequest;
import io.pulseplane.v1.StreamLatestResponse;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** How much the gate takes from whom, through a real channel. */
class GateLimitsTest extends GatedPlaneTestBase {

    private GatedPlane bounded;

    private GatedPlane with(GatedPlane.Options choice) throws IOException {
        bounded = new GatedPlane(directory.resolve("bounded"), choice);
        bounded.register("ada");
        bounded.grant("ada");
        return bounded;
    }

    @AfterEach
    void closeBounded() {
        if (bounded != null) {
            bounded.close();
        }
    }

    @Test
    void hold_for_each_subject() throws IOException {
        var plane = with(GatedPlane.Options.DEFAULTS.withRates(5, 0));
        var greedy = plane.with(Tokens.of(plane.directory(), "greedy", STAFF));
        var codes = new java.util.ArrayList<Status.Code>();
        for (int i = 0; i < 20; i++) {
            codes.add(latest(greedy, "ada").code());
        }
        assertThat(codes).contains(Status.Code.OK, Status.Code.RESOURCE_EXHAUSTED);
        assertThat(plane.events.entries()).contains("query LIMITED");
        assertThat(latest(plane.with(Tokens.of(plane.directory(), "modest", STAFF)), "ada")
                        .code())
                .isEqualTo(Status.Code.OK);
    }

    @Test
    void say_when_to_come_back() throws IOException {
        var plane = with(GatedPlane.Options.DEFAULTS.withRates(1, 0));
        var staff = QueryServiceGrpc.newBlockingStub(plane.as(STAFF));
        assertThatThrownBy(() -> {
                    for (int i = 0; i < 10; i++) {
                        staff.getLatest(latestOf("ada"));
                    }
                })
                .isInstanceOfSatisfying(StatusRuntimeException.class, refusal -> {
                    assertThat(refusal.getStatus().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
                    assertThat(io.grpc.protobuf.StatusProto.fromThrowable(refusal)
                                    .getDetailsList())
                            .anyMatch(detail -> detail.is(com.google.rpc.RetryInfo.class));
                });
    }

    @Test
    void keep_strangers_from_filling_the_trail() throws IOException {
        var plane = with(GatedPlane.Options.DEFAULTS.withRates(0, 5));
        for (int i = 0; i < 50; i++) {
            latest(plane.anonymous(), "ada");
        }
        assertThat(plane.auditRecords()).hasSizeBetween(5, 20);
        assertThat(latest(plane.as(STAFF), "ada").code())
                .as("who can say who they are is not kept out by them")
                .isEqualTo(Status.Code.OK);
    }

    /** Never decides, so that everything waits. */
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
    void hold_for_what_waits_to_be_decided_on() throws Exception {
        var plane = with(GatedPlane.Options.DEFAULTS.withPolicy(new UndecidedPolicy()));
        var ended = new CompletableFuture<Status.Code>();
        var questions = QueryServiceGrpc.newStub(plane.as(STAFF)).streamLatest(new StreamObserver<>() {
            @Override
            public void onNext(StreamLatestResponse answer) {
                ended.completeExceptionally(new AssertionError("answered: " + answer));
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
            questions.onNext(large);
        }
        assertThat(ended)
                .as("one is being decided on, and there is room for two")
                .isNotDone();
        questions.onNext(large);
        assertThat(ended.get(30, TimeUnit.SECONDS)).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
    }

    @Test
    void hold_for_the_connections_of_an_address() throws IOException {
        var plane = with(GatedPlane.Options.DEFAULTS.withMaxConnections(2));
        var staff = Tokens.bearer(Tokens.of(plane.directory(), "somebody", STAFF));
        assertThat(latest(ClientInterceptors.intercept(plane.anonymous(), staff), "ada")
                        .code())
                .isEqualTo(Status.Code.OK);
        var second = plane.connect();
        assertThat(latest(ClientInterceptors.intercept(second, staff), "ada").code())
                .isEqualTo(Status.Code.OK);
        var third = plane.connect();
        assertThat(latest(ClientInterceptors.intercept(third, staff), "ada").code())
                .as("the connection is closed, which clients see in one way or the other")
                .isIn(Status.Code.UNAVAILABLE, Status.Code.INTERNAL);
        assertThat(plane.events.entries()).contains("connection refused");
        third.shutdownNow();
        second.shutdownNow();
        await().until(() -> latest(ClientInterceptors.intercept(plane.connect(), staff), "ada")
                        .code()
                == Status.Code.OK);
    }
}
