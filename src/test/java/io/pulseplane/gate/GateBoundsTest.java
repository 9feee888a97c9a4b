package io.pulseplane.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.grpc.ClientInterceptors;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.pulseplane.api.Tokens;
import io.pulseplane.api.v1.QueryServiceGrpc;
import java.io.IOException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** How much the gate takes from whom, through a real channel. */
class GateBoundsTest extends GatedPlaneTest {

    private GatedPlane bounded;

    private GatedPlane with(GatedPlane.Choice choice) throws IOException {
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
        var plane = with(GatedPlane.Choice.USUAL.withRates(5, 0));
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
        var plane = with(GatedPlane.Choice.USUAL.withRates(1, 0));
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
        var plane = with(GatedPlane.Choice.USUAL.withRates(0, 5));
        for (int i = 0; i < 50; i++) {
            latest(plane.stranger(), "ada");
        }
        assertThat(plane.trail()).hasSizeBetween(5, 20);
        assertThat(latest(plane.as(STAFF), "ada").code())
                .as("who can say who they are is not kept out by them")
                .isEqualTo(Status.Code.OK);
    }

    @Test
    void hold_for_the_connections_of_an_address() throws IOException {
        var plane = with(GatedPlane.Choice.USUAL.withMaxConnections(2));
        var staff = Tokens.bearer(Tokens.of(plane.directory(), "somebody", STAFF));
        assertThat(latest(ClientInterceptors.intercept(plane.stranger(), staff), "ada")
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
