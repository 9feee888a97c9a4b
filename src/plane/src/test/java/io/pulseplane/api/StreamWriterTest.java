package io.pulseplane.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.grpc.BindableService;
import io.grpc.ManagedChannelBuilder;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import io.pulseplane.ReadingFixtures;
import io.pulseplane.query.AnswerBudget;
import io.pulseplane.v1.QueryServiceGrpc;
import io.pulseplane.v1.WatchRequest;
import io.pulseplane.v1.WatchResponse;
import io.smallrye.mutiny.Multi;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** Tests the writer over a connection. */
class StreamWriterTest {

    private record Answering(Supplier<Flow.Publisher<String>> source) implements BindableService {

        @Override
        public ServerServiceDefinition bindService() {
            return new QueryServiceGrpc.QueryServiceImplBase() {
                @Override
                public void watch(WatchRequest request, StreamObserver<WatchResponse> responses) {
                    StreamWriter.write(responses, AnswerBudget.unbounded(), _ -> source.get(), item -> {
                        throw new AssertionError(item);
                    });
                }
            }.bindService();
        }
    }

    private static void ask(Supplier<Flow.Publisher<String>> source) throws IOException {
        var server = NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .addService(new Answering(source))
                .build()
                .start();
        var channel = ManagedChannelBuilder.forAddress("localhost", server.getPort())
                .usePlaintext()
                .build();
        try {
            QueryServiceGrpc.newBlockingStub(channel)
                    .withDeadlineAfter(ReadingFixtures.TIMEOUT.toSeconds(), TimeUnit.SECONDS)
                    .watch(WatchRequest.getDefaultInstance())
                    .forEachRemaining(_ -> {});
        } finally {
            channel.shutdownNow();
            server.shutdownNow();
        }
    }

    @Test
    void answers_internal_if_a_response_cannot_be_written() {
        assertThatThrownBy(() -> ask(() -> Multi.createFrom().items("an item")))
                .isInstanceOfSatisfying(StatusRuntimeException.class, this::isInternal);
    }

    @Test
    void answers_internal_if_the_source_fails() {
        assertThatThrownBy(() -> ask(() -> {
                    throw new AssertionError("not put together");
                }))
                .isInstanceOfSatisfying(StatusRuntimeException.class, this::isInternal);
    }

    private void isInternal(StatusRuntimeException failure) {
        assertThat(failure.getStatus().getCode()).isEqualTo(Status.Code.INTERNAL);
    }
}
