package io.pulseplane.node;

import io.grpc.netty.NettyServerBuilder;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.ChannelOption;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.channel.nio.NioEventLoopGroup;
import io.pulseplane.gate.ConnectionFilter;
import io.pulseplane.gate.Gate;
import io.pulseplane.gate.InboundByteLimit;
import io.pulseplane.node.config.GateConfig;
import io.pulseplane.node.config.StartupException;
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

/** What the gRPC server takes from a connection before there is a call, and whether it listens at all. */
@Singleton
final class GrpcServerCustomizer implements ServerBuilderCustomizer<VertxServerBuilder> {

    private static final int RESET_WINDOW_SECONDS = 10;

    /** How long calls under way have when their connection has become too old. */
    private static final int GRACE_MINUTES = 5;

    /**
     * How much more metadata is read than the gate takes: a call with that is refused by the gate, with a reason and a
     * record, and its connection lives on.
     */
    private static final int METADATA_READ_FACTOR = 4;

    /** Bytes read from a connection in one turn: some ten small calls with a token each. */
    private static final int MAX_READ_BYTES = 4 << 10;

    private static final int INITIAL_READ_BYTES = 2 << 10;
    private static final int MIN_READ_BYTES = 512;

    /** In hundredths of an event loop's time, as Netty has it; with 100 it does all there is to do before it reads again. */
    private static final int FULL_IO_RATIO = 100;

    private final GateConfig.ServerConfig serverConfig;
    private final GrpcServerTls tls;
    private final Vertx vertx;
    private final Instance<ConnectionFilter> connections;
    private final Instance<Gate> gate;
    private volatile Optional<RuntimeException> failure = Optional.empty();

    GrpcServerCustomizer(
            GateConfig config,
            GrpcServerTls tls,
            Vertx vertx,
            Instance<ConnectionFilter> connections,
            Instance<Gate> gate) {
        this.serverConfig = config.gate();
        this.tls = tls;
        this.vertx = vertx;
        this.connections = connections;
        this.gate = gate;
    }

    /** Why there is no server, where it is known: Quarkus logs that and goes on. */
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
            // Made here and not when it is first called, so that whatever is wrong with it is known before.
            gate.get();
        } catch (RuntimeException e) {
            failure = Optional.of(e);
            throw e;
        }
    }

    private void configureTls(GrpcServerConfiguration server, NettyServerBuilder netty) {
        var context = tls.open();
        if (context.isEmpty() && !serverConfig.plaintextBeyondLoopback() && !isLoopback(server.host())) {
            throw new StartupException("gRPC would listen on " + server.host()
                    + " without TLS: set pulseplane.gate.tls-configuration-name, or, if something else encrypts on the"
                    + " way, pulseplane.gate.plaintext-beyond-loopback=true");
        }
        context.ifPresent(netty::sslContext);
    }

    private void configureConnections(NettyServerBuilder netty) {
        try {
            netty.addTransportFilter(connections.get())
                    .addStreamTracerFactory(new InboundByteLimit(
                            serverConfig.maxHalfSentBytesPerConnection().asLongValue(),
                            serverConfig.maxHalfSentBytes().asLongValue()));
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
     * Calls that are read and not begun are a queue that nobody bounds and everybody waits in, also who asks for one thing
     * in a second. So what was read is done first; what is too much stays in its connection, and waits in its client.
     */
    private void finishTasksBeforeReading() {
        if (vertx instanceof VertxInternal plumbing
                && plumbing.getEventLoopGroup() instanceof NioEventLoopGroup loops) {
            loops.setIoRatio(FULL_IO_RATIO);
        }
    }

    /**
     * A connection is read from once in a turn, and not for as long as there is something to read: who sends much would
     * otherwise have the event loop to themselves for tens of milliseconds.
     */
    private static RecvByteBufAllocator oneReadPerTurn() {
        return new AdaptiveRecvByteBufAllocator(MIN_READ_BYTES, INITIAL_READ_BYTES, MAX_READ_BYTES)
                .maxMessagesPerRead(1);
    }

    private static boolean isLoopback(String host) {
        try {
            return InetAddress.getByName(host).isLoopbackAddress();
        } catch (UnknownHostException e) {
            throw new StartupException("gRPC cannot listen on " + host + ": there is no such host");
        }
    }
}
