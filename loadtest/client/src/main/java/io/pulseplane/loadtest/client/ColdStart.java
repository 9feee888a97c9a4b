package io.pulseplane.loadtest.client;

import io.grpc.CallOptions;
import io.grpc.ClientInterceptors;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import io.pulseplane.v1.GetLatestRequest;
import io.pulseplane.v1.QueryServiceGrpc;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Measures the time from the start of a plane's process to its first answer. */
final class ColdStart {

    private static final Duration TIMEOUT = Duration.ofSeconds(60);

    private ColdStart() {}

    static long measureNanos(Plane.Setup setup, Path data, GetLatestRequest request)
            throws IOException, InterruptedException {
        int port = ServerProcess.freePort();
        var headers = Tokens.headers(new Tokens(data).ofRole("authorized_medical_staff"));
        long startNanos = System.nanoTime();
        var nanosToAnswer = CompletableFuture.supplyAsync(() -> {
            ServerProcess.awaitListener(port);
            try (var connections = new ClientConnections(port, 1)) {
                var channel = ClientInterceptors.intercept(
                        connections.channel(0), MetadataUtils.newAttachHeadersInterceptor(headers));
                var options = CallOptions.DEFAULT.withDeadlineAfter(TIMEOUT.toSeconds(), TimeUnit.SECONDS);
                var answer =
                        ClientCalls.blockingUnaryCall(channel, QueryServiceGrpc.getGetLatestMethod(), options, request);
                if (answer.getReadingsCount() != 1) {
                    throw new IllegalStateException("expected one reading, got " + answer.getReadingsCount());
                }
                return System.nanoTime() - startNanos;
            }
        });
        try (var _ = Plane.start(setup, data, port)) {
            return nanosToAnswer.join();
        }
    }
}
