package io.pulseplane.gate;

import static io.pulseplane.gate.GateRequests.latest;
import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.BindableService;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.Server;
import io.grpc.ServerInterceptors;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.pulseplane.api.Tokens;
import io.pulseplane.gate.policy.Policy;
import io.pulseplane.gate.policy.PolicyDecision;
import io.pulseplane.gate.policy.PolicyInput;
import io.pulseplane.node.metrics.CallMetrics;
import io.pulseplane.v1.GetLatestRequest;
import io.pulseplane.v1.GetLatestResponse;
import io.pulseplane.v1.QueryServiceGrpc;
import io.pulseplane.v1.StreamLatestRequest;
import io.pulseplane.v1.StreamLatestResponse;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Whatever a step of a call throws, the caller gets INTERNAL at once, and the call is counted. */
class FailingCallsTest {

    private static final int TIMEOUT_SECONDS = 10;

    private enum Failure {
        EXCEPTION(() -> new ArithmeticException("long overflow")),
        ERROR(() -> new StackOverflowError("too deep"));

        private final Supplier<Throwable> failure;

        Failure(Supplier<Throwable> failure) {
            this.failure = failure;
        }

        private <T> T raise() {
            return FailingCallsTest.<T, RuntimeException>sneak(failure.get());
        }
    }

    @SuppressWarnings("unchecked") // the compiler does not check what is thrown
    private static <T, E extends Throwable> T sneak(Throwable failure) throws E {
        throw (E) failure;
    }

    @TempDir
    Path directory;

    private record FailingPolicy(Failure failure, boolean later) implements Policy {

        @Override
        public CompletionStage<PolicyDecision> decide(PolicyInput input) {
            return later ? CompletableFuture.supplyAsync(failure::raise) : failure.raise();
        }

        @Override
        public String digest() {
            return "";
        }

        @Override
        public void close() {}
    }

    @ParameterizedTest
    @EnumSource
    void a_decision_that_throws_ends_the_call(Failure failure) throws Exception {
        for (boolean later : new boolean[] {false, true}) {
            var own = directory.resolve(failure + " " + later);
            try (var plane =
                    new GatedPlane(own, GatedPlane.Options.DEFAULTS.withPolicy(new FailingPolicy(failure, later)))) {
                assertThat(latest(plane.as(GateRequests.STAFF), "ada").code()).isEqualTo(Status.Code.INTERNAL);
                assertThat(streamedStatus(plane.as(GateRequests.STAFF))).isEqualTo(Status.Code.INTERNAL);
            }
        }
    }

    /** Throws when a call begins, when a message comes, or when the messages end. */
    private record FailingEndpoint(Failure failure, int step) implements BindableService {

        @Override
        public io.grpc.ServerServiceDefinition bindService() {
            return new QueryServiceGrpc.QueryServiceImplBase() {
                @Override
                public void getLatest(GetLatestRequest request, StreamObserver<GetLatestResponse> responses) {
                    failure.raise();
                }

                @Override
                public StreamObserver<StreamLatestRequest> streamLatest(
                        StreamObserver<StreamLatestResponse> responses) {
                    raiseAt(0);
                    return new StreamObserver<>() {
                        @Override
                        public void onNext(StreamLatestRequest request) {
                            raiseAt(1);
                        }

                        @Override
                        public void onError(Throwable failure) {}

                        @Override
                        public void onCompleted() {
                            raiseAt(2);
                        }
                    };
                }

                private void raiseAt(int current) {
                    if (current == step) {
                        failure.raise();
                    }
                }
            }.bindService();
        }
    }

    @ParameterizedTest
    @EnumSource
    void an_endpoint_that_throws_ends_the_call_and_is_counted(Failure failure) throws Exception {
        var options = GatedPlane.Options.DEFAULTS.withPolicy(new PermittingPolicy());
        try (var plane = new GatedPlane(directory.resolve(failure.name()), options)) {
            for (int step = 0; step < 3; step++) {
                var meters = new SimpleMeterRegistry();
                var server = serve(plane, new CallMetrics(meters), new FailingEndpoint(failure, step));
                var channel = NettyChannelBuilder.forAddress("127.0.0.1", server.getPort())
                        .usePlaintext()
                        .build();
                try {
                    var staff = ClientInterceptors.intercept(
                            channel, Tokens.bearer(Tokens.of(plane.directory(), "somebody", GateRequests.STAFF)));
                    assertThat(latest(staff, "ada").code()).isEqualTo(Status.Code.INTERNAL);
                    assertThat(streamedStatus(staff)).as("step %s", step).isEqualTo(Status.Code.INTERNAL);
                    assertThat(meters.get("pulseplane.calls")
                                    .tag("status", "INTERNAL")
                                    .timers())
                            .hasSize(2)
                            .allMatch(timer -> timer.count() == 1);
                } finally {
                    channel.shutdownNow();
                    server.shutdownNow();
                }
            }
        }
    }

    private static final class PermittingPolicy implements Policy {

        @Override
        public CompletionStage<PolicyDecision> decide(PolicyInput input) {
            return CompletableFuture.completedStage(new PolicyDecision(true, java.util.List.of(), ""));
        }

        @Override
        public String digest() {
            return "";
        }

        @Override
        public void close() {}
    }

    private static Server serve(GatedPlane plane, CallMetrics metrics, BindableService endpoint) throws Exception {
        return NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .directExecutor()
                .addService(ServerInterceptors.intercept(endpoint, plane.gate, metrics))
                .build()
                .start();
    }

    /** The status that ends a stream of one query. */
    private static Status.Code streamedStatus(Channel channel) throws Exception {
        var end = new CompletableFuture<Status.Code>();
        var queries = ClientCalls.asyncBidiStreamingCall(
                channel.newCall(QueryServiceGrpc.getStreamLatestMethod(), CallOptions.DEFAULT),
                new StreamObserver<StreamLatestResponse>() {
                    @Override
                    public void onNext(StreamLatestResponse response) {}

                    @Override
                    public void onError(Throwable failure) {
                        end.complete(
                                ((StatusRuntimeException) failure).getStatus().getCode());
                    }

                    @Override
                    public void onCompleted() {
                        end.complete(Status.Code.OK);
                    }
                });
        queries.onNext(StreamLatestRequest.newBuilder().setPatientId("ada").build());
        queries.onCompleted();
        return end.get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
    }
}
