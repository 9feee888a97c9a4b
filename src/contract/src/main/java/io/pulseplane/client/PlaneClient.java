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
 * A connection to a plane. Calls on its channel carry a token, have a deadline, and are retried where that is safe.
 *
 * <pre>{@code
 * try (var plane = PlaneClient.to("plane.ward-3:9000")
 *         .tls(TlsSettings.systemTrust())
 *         .token(TokenSource.file(file))
 *         .build()) {
 *     var latest = plane.stub(QueryServiceGrpc::newBlockingStub)
 *             .getLatest(GetLatestRequest.newBuilder().setPatientId("p-17").build());
 * }
 * }</pre>
 *
 * <p>Thread-safe. The client connects with the first call, and reconnects when the connection is lost.
 */
public final class PlaneClient implements AutoCloseable {

    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(5);

    private final ManagedChannel connection;
    private final Optional<Duration> unaryDeadline;
    private final boolean tokensInClearText;
    private final Channel channel;

    private PlaneClient(ManagedChannel connection, Builder builder) {
        this.connection = connection;
        this.unaryDeadline = builder.unaryDeadline;
        this.tokensInClearText = builder.tokensInClearText;
        this.channel = channel(builder.token);
    }

    /** @param target {@code host:port}, or any other target of gRPC's name resolvers */
    public static Builder to(String target) {
        return new Builder(target);
    }

    /** Returns the channel for stubs that send the client's own token. */
    public Channel channel() {
        return channel;
    }

    /** Returns a channel over the same connection for another caller, such as one of many devices, or another role. */
    public Channel channel(TokenSource token) {
        return ClientInterceptors.intercept(
                connection, new CallDefaults(new BearerToken(token, tokensInClearText), unaryDeadline));
    }

    /** Creates a stub on the channel, as in {@code plane.stub(QueryServiceGrpc::newBlockingStub)}. */
    public <S extends AbstractStub<S>> S stub(Function<Channel, S> newStub) {
        return newStub.apply(channel);
    }

    /** Waits up to 5 s for running calls, then cancels them. */
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

    /** Cancels running calls. */
    public void closeNow() {
        connection.shutdownNow();
    }

    /** Adds the token and the deadline to a call that has none of its own. */
    private record CallDefaults(BearerToken token, Optional<Duration> unaryDeadline) implements ClientInterceptor {
        @Override
        public <Q, R> ClientCall<Q, R> interceptCall(MethodDescriptor<Q, R> rpc, CallOptions options, Channel next) {
            var completedOptions = options;
            if (completedOptions.getCredentials() == null) {
                completedOptions = completedOptions.withCallCredentials(token);
            }
            if (completedOptions.getDeadline() == null && rpc.getType() == MethodDescriptor.MethodType.UNARY) {
                for (var deadline : unaryDeadline.stream().toList()) {
                    completedOptions = completedOptions.withDeadlineAfter(deadline.toNanos(), TimeUnit.NANOSECONDS);
                }
            }
            return next.newCall(rpc, completedOptions);
        }
    }

    /**
     * Builds a client. The defaults are plaintext, no token, 10 s for a unary call, and {@link RetryPolicy#STANDARD}.
     */
    public static final class Builder {

        private static final Duration UNARY_DEADLINE = Duration.ofSeconds(10);

        /** The plane allows a ping every 10 s at most. */
        private static final Duration KEEP_ALIVE = Duration.ofSeconds(30);

        /** The largest message that a plane sends or accepts. */
        private static final int MAX_MESSAGE_BYTES = 4 * 1024 * 1024;

        private final String target;
        private Optional<TlsSettings> tls = Optional.empty();
        private TokenSource token = TokenSource.none();
        private boolean tokensInClearText;
        private Optional<Duration> unaryDeadline = Optional.of(UNARY_DEADLINE);
        private RetryPolicy retry = RetryPolicy.STANDARD;
        private BiFunction<String, ChannelCredentials, ManagedChannelBuilder<?>> transport = Grpc::newChannelBuilder;

        private Builder(String target) {
            this.target = target;
        }

        /** Connects with TLS. */
        public Builder tls(TlsSettings settings) {
            this.tls = Optional.of(settings);
            return this;
        }

        /** Sets the source of the tokens that {@link PlaneClient#channel()} sends. */
        public Builder token(TokenSource source) {
            this.token = source;
            return this;
        }

        /**
         * Sends tokens without TLS to other machines, too. This is for networks that encrypt by themselves: everybody
         * on the way can read the tokens.
         */
        public Builder tokensInClearText() {
            this.tokensInClearText = true;
            return this;
        }

        /** Sets the deadline of unary calls that have no deadline of their own. Streams have no deadline. */
        public Builder unaryDeadline(Duration deadline) {
            this.unaryDeadline = Optional.of(deadline);
            return this;
        }

        /** Sets no deadline: only the plane limits the time of a call. */
        public Builder withoutDeadline() {
            this.unaryDeadline = Optional.empty();
            return this;
        }

        /** Sets which calls gRPC retries, and when. */
        public Builder retry(RetryPolicy policy) {
            this.retry = policy;
            return this;
        }

        /** Sets the transport, in place of the one that gRPC selects from the class path. */
        public Builder transport(BiFunction<String, ChannelCredentials, ManagedChannelBuilder<?>> builder) {
            this.transport = builder;
            return this;
        }

        /**
         * @throws IOException if a certificate or key cannot be read
         * @throws IllegalArgumentException if a certificate or key is malformed, or the target is invalid
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
                // gRPC retries a call only while its sent messages fit into this buffer.
                channel.enableRetry().perRpcBufferLimit(MAX_MESSAGE_BYTES).defaultServiceConfig(serviceConfig);
            }
            return new PlaneClient(channel.build(), this);
        }
    }
}
