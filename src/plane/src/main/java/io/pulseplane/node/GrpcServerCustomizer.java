package io.pulseplane.node;

import io.grpc.netty.InternalProtocolNegotiators;
import io.grpc.netty.NettyServerBuilder;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.ChannelOption;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.channel.nio.NioEventLoopGroup;
import io.pulseplane.gate.ConnectionFilter;
import io.pulseplane.gate.ConnectionLimit;
import io.pulseplane.gate.GateEvents;
import io.pulseplane.gate.InboundByteLimit;
import io.pulseplane.node.config.GateConfig;
import io.pulseplane.node.config.HeapShare;
import io.pulseplane.node.config.StartupException;
import io.pulseplane.node.metrics.GateMetrics;
import io.quarkus.grpc.api.ServerBuilderCustomizer;
import io.quarkus.grpc.runtime.config.GrpcServerConfiguration;
import io.vertx.core.Vertx;
import io.vertx.core.impl.VertxInternal;
import io.vertx.grpc.VertxServerBuilder;
import jakarta.enterprise.inject.Instance;
import jakarta.inject.Singleton;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** Configures TLS and the limits of the gRPC server, and refuses to listen beyond loopback without TLS. */
@Singleton
final class GrpcServerCustomizer implements ServerBuilderCustomizer<VertxServerBuilder> {

    private static final int RESET_WINDOW_SECONDS = 10;

    /** How long running calls may continue when their connection has reached its maximum age. */
    private static final int GRACE_MINUTES = 5;

    /**
     * The server reads this many times the metadata that the gate accepts. So the gate can refuse a call with too much
     * metadata, with a reason and an audit record, and the connection stays open.
     */
    private static final int METADATA_READ_FACTOR = 4;

    /** Bytes read from a connection in one turn: about ten small calls, each with a token. */
    private static final int MAX_READ_BYTES = 4 << 10;

    private static final int INITIAL_READ_BYTES = 2 << 10;
    private static final int MIN_READ_BYTES = 512;

    /**
     * Percent of an event loop's time for input and output. With 100, Netty runs all waiting tasks before it reads
     * again.
     */
    private static final int FULL_IO_RATIO = 100;

    private final GateConfig.ServerConfig serverConfig;
    private final GrpcServerTls tls;
    private final Vertx vertx;
    private final Instance<ConnectionFilter> connections;
    private final GateEvents metrics;
    private volatile Optional<RuntimeException> failure = Optional.empty();

    GrpcServerCustomizer(
            GateConfig config,
            GrpcServerTls tls,
            Vertx vertx,
            Instance<ConnectionFilter> connections,
            GateMetrics metrics) {
        this.serverConfig = config.gate();
        this.tls = tls;
        this.vertx = vertx;
        this.connections = connections;
        this.metrics = metrics;
    }

    /** Why the server could not be configured; empty if it could. Quarkus only logs the failure and continues. */
    Optional<RuntimeException> startupFailure() {
        return failure;
    }

    boolean usesTls() {
        return serverConfig.tlsConfigurationName().isPresent();
    }

    @Override
    public void customize(GrpcServerConfiguration server, VertxServerBuilder builder) {
        try {
            configureTls(server, builder.nettyBuilder());
            configureConnections(builder.nettyBuilder());
            finishTasksBeforeReading();
        } catch (RuntimeException e) {
            failure = Optional.of(e);
            throw e;
        }
    }

    private void configureTls(GrpcServerConfiguration server, NettyServerBuilder netty) {
        var context = tls.open();
        if (context.isEmpty() && !serverConfig.plaintextBeyondLoopback() && !isLoopback(server.host())) {
            throw new StartupException("gRPC would listen on " + server.host()
                    + " without TLS: set pulseplane.gate.tls-configuration-name, or, if a proxy encrypts the traffic,"
                    + " pulseplane.gate.plaintext-beyond-loopback=true");
        }
        netty.protocolNegotiator(new ConnectionLimit(
                context.map(InternalProtocolNegotiators::serverTls)
                        .orElseGet(InternalProtocolNegotiators::serverPlaintext),
                serverConfig.maxConnectionsPerAddress(),
                serverConfig
                        .maxConnections()
                        .orElseGet(() ->
                                HeapShare.connectionsOf(Runtime.getRuntime().maxMemory())),
                metrics));
    }

    private void configureConnections(NettyServerBuilder netty) {
        try {
            netty.addTransportFilter(connections.get())
                    .addStreamTracerFactory(new InboundByteLimit(
                            serverConfig.maxInboundBytesPerConnection().asLongValue(),
                            HeapShare.INBOUND.or(serverConfig.maxInboundBytes())));
            setLimits(netty);
        } catch (IllegalArgumentException e) {
            throw new StartupException("pulseplane.gate: " + e.getMessage());
        }
    }

    private void setLimits(NettyServerBuilder netty) {
        long metadata = METADATA_READ_FACTOR * serverConfig.maxMetadataBytes().asLongValue();
        netty.maxConcurrentCallsPerConnection(serverConfig.maxCallsPerConnection())
                .maxRstFramesPerWindow(serverConfig.maxResetsPerTenSeconds(), RESET_WINDOW_SECONDS)
                .maxInboundMetadataSize((int) Math.min(metadata, Integer.MAX_VALUE))
                .maxConnectionIdle(serverConfig.maxIdle().toNanos(), TimeUnit.NANOSECONDS)
                .maxConnectionAge(serverConfig.maxAge().toNanos(), TimeUnit.NANOSECONDS)
                .maxConnectionAgeGrace(GRACE_MINUTES, TimeUnit.MINUTES)
                .permitKeepAliveTime(serverConfig.minPingInterval().toNanos(), TimeUnit.NANOSECONDS)
                .permitKeepAliveWithoutCalls(true)
                .withChildOption(ChannelOption.RCVBUF_ALLOCATOR, oneReadPerTurn());
    }

    /**
     * Calls that are read but not started would form an unbounded queue in which every caller waits, even one with a
     * single request in a second. So the event loop runs all calls that it has read before it reads again. Further
     * calls stay in the socket and wait at their client.
     */
    private void finishTasksBeforeReading() {
        if (vertx instanceof VertxInternal vertxInternal
                && vertxInternal.getEventLoopGroup() instanceof NioEventLoopGroup loops) {
            loops.setIoRatio(FULL_IO_RATIO);
        }
    }

    /**
     * The server reads from a connection once in a turn, not for as long as there is data. Otherwise a caller that
     * sends much would occupy the event loop for tens of milliseconds.
     */
    private static RecvByteBufAllocator oneReadPerTurn() {
        return new AdaptiveRecvByteBufAllocator(MIN_READ_BYTES, INITIAL_READ_BYTES, MAX_READ_BYTES)
                .maxMessagesPerRead(1);
    }

    private static boolean isLoopback(String host) {
        try {
            return InetAddress.getByName(host).isLoopbackAddress();
        } catch (UnknownHostException e) {
            throw new StartupException("gRPC cannot listen on " + host + ": the host is unknown");
        }
    }
}
