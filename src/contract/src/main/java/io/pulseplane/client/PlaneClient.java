package io.pulseplane.client;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ChannelCredentials;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ClientInterceptors;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.MethodDescriptor;
import io.grpc.stub.AbstractStub;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.BiFunction;
import java.util.function.Function;

/**
 * A connection to a plane. Stubs on its channel send a token, have a deadline, and are retried where that is safe.
 *
 * <pre>{@code
 * try (var plane = PlaneClient.to("plane.ward-3:9000").tls(TlsSettings.systemTrust()).token(TokenSource.file(file)).build()) {
 *     var latest = plane.stub(QueryServiceGrpc::newBlockingStub)
 *             .getLatest(GetLatestRequest.newBuilder().setPatientId("p-17").build());
 * }
 * }</pre>
 *
 * <p>Thread-safe. It connects with the first call, and again when the connection is lost.
 */
public final class PlaneClient implements AutoCloseable {

    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(5);

    private final ManagedChannel connection;
    private final Optional<Duration> unaryDeadline;
    private final Channel channel;

    private PlaneClient(ManagedChannel connection, Builder builder) {
        this.connection = connection;
        this.unaryDeadline = builder.unaryDeadline;
        this.channel = channel(builder.token);
    }

    /** @param target {@code host:port}, or any other target of gRPC's name resolvers */
    public static Builder to(String target) {
        return new Builder(target);
    }

    /** For every stub that should send the client's own token. */
    public Channel channel() {
        return channel;
    }

    /** The same connection for another caller: one device of many, another role. */
    public Channel channel(TokenSource token) {
        return ClientInterceptors.intercept(connection, new CallDefaults(new BearerToken(token), unaryDeadline));
    }

    /** {@code plane.stub(QueryServiceGrpc::newBlockingStub)}. */
    public <S extends AbstractStub<S>> S stub(Function<Channel, S> newStub) {
        return newStub.apply(channel);
    }

    /** Waits 5 s for calls under way, then cancels them. */
    @Override
    public void close() {
        connection.shutdown();
        try {
            if (!connection.awaitTermination(CLOSE_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS)) {
                connection.shutdownNow();
            }
        } catch (InterruptedException e) {
            connection.shutdownNow();
            Thread.currentThread().interrupt();
        }
    }

    /** What a call gets that does not say otherwise. */
    private record CallDefaults(BearerToken token, Optional<Duration> unaryDeadline) implements ClientInterceptor {
        @Override
        public <Q, R> ClientCall<Q, R> interceptCall(MethodDescriptor<Q, R> rpc, CallOptions options, Channel next) {
            var completed = options;
            if (completed.getCredentials() == null) {
                completed = completed.withCallCredentials(token);
            }
            if (completed.getDeadline() == null && rpc.getType() == MethodDescriptor.MethodType.UNARY) {
                for (var deadline : unaryDeadline.stream().toList()) {
                    completed = completed.withDeadlineAfter(deadline.toNanos(), TimeUnit.NANOSECONDS);
                }
            }
            return next.newCall(rpc, completed);
        }
    }

    /** What a client is made with. Without a word: plaintext, no token, 10 s for a unary call, {@link RetryPolicy#STANDARD}. */
    public static final class Builder {

        private static final Duration UNARY_DEADLINE = Duration.ofSeconds(10);

        /** The plane lets clients ping at most every 10 s. */
        private static final Duration KEEP_ALIVE = Duration.ofSeconds(30);

        /** The largest message of a plane. */
        private static final int MAX_MESSAGE_BYTES = 4 * 1024 * 1024;

        private final String target;
        private Optional<TlsSettings> tls = Optional.empty();
        private TokenSource token = TokenSource.none();
        private Optional<Duration> unaryDeadline = Optional.of(UNARY_DEADLINE);
        private RetryPolicy retry = RetryPolicy.STANDARD;
        private BiFunction<String, ChannelCredentials, ManagedChannelBuilder<?>> transport = Grpc::newChannelBuilder;

        private Builder(String target) {
            this.target = target;
        }

        /** Speak TLS. */
        public Builder tls(TlsSettings settings) {
            this.tls = Optional.of(settings);
            return this;
        }

        /** Whose token {@link PlaneClient#channel()} sends. */
        public Builder token(TokenSource source) {
            this.token = source;
            return this;
        }

        /** How long a unary call may take that names no deadline of its own. Streams have none. */
        public Builder unaryDeadline(Duration deadline) {
            this.unaryDeadline = Optional.of(deadline);
            return this;
        }

        /** Calls take as long as the plane lets them. */
        public Builder withoutDeadline() {
            this.unaryDeadline = Optional.empty();
            return this;
        }

        /** Which calls are sent again, and when. */
        public Builder retry(RetryPolicy policy) {
            this.retry = policy;
            return this;
        }

        /** The transport, where gRPC's choice on the class path is not the one wanted. */
        public Builder transport(BiFunction<String, ChannelCredentials, ManagedChannelBuilder<?>> builder) {
            this.transport = builder;
            return this;
        }

        /**
         * @throws IOException if a certificate or key cannot be read
         * @throws IllegalArgumentException if one is not what it should be, or the target is none
         */
        public PlaneClient build() throws IOException {
            var credentials = tls.isPresent() ? tls.get().credentials() : InsecureChannelCredentials.create();
            var channel = transport
                    .apply(target, credentials)
                    .maxInboundMessageSize(MAX_MESSAGE_BYTES)
                    .keepAliveTime(KEEP_ALIVE.toMillis(), TimeUnit.MILLISECONDS);
            var serviceConfig = retry.serviceConfig();
            if (serviceConfig.isEmpty()) {
                channel.disableRetry();
            } else {
                // A call is retried only while what it sent fits in here.
                channel.enableRetry().perRpcBufferLimit(MAX_MESSAGE_BYTES).defaultServiceConfig(serviceConfig);
            }
            return new PlaneClient(channel.build(), this);
        }
    }
}
