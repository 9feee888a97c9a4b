package io.pulseplane.node;

import io.grpc.netty.NettyServerBuilder;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.ChannelOption;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.channel.nio.NioEventLoopGroup;
import io.pulseplane.gate.Connections;
import io.pulseplane.gate.Gate;
import io.pulseplane.gate.HalfSent;
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
final class ServerBounds implements ServerBuilderCustomizer<VertxServerBuilder> {

    private static final int RESET_WINDOW_SECONDS = 10;

    /** How long calls under way have when their connection has become too old. */
    private static final int GRACE_MINUTES = 5;

    /**
     * How much more metadata is read than the gate takes: a call with that is refused by the gate, with a reason and a
     * record, and its connection lives on.
     */
    private static final int METADATA_READ = 4;

    /** Bytes read from a connection in one turn: some ten small calls with a token each. */
    private static final int MAX_READ = 4 << 10;

    private static final int READ = 2 << 10;
    private static final int MIN_READ = 512;

    /** In hundredths of an event loop's time, as Netty has it; with 100 it does all there is to do before it reads again. */
    private static final int FIRST_DO_THEN_READ = 100;

    private final GateConfig.Bounds bounds;
    private final ServerTls tls;
    private final Vertx vertx;
    private final Instance<Connections> connections;
    private final Instance<Gate> gate;
    private volatile Optional<RuntimeException> failure = Optional.empty();

    ServerBounds(
            GateConfig config, ServerTls tls, Vertx vertx, Instance<Connections> connections, Instance<Gate> gate) {
        this.bounds = config.gate();
        this.tls = tls;
        this.vertx = vertx;
        this.connections = connections;
        this.gate = gate;
    }

    /** Why there is no server, where it is known: Quarkus logs that and goes on. */
    Optional<RuntimeException> failure() {
        return failure;
    }

    boolean speaksTls() {
        return bounds.tlsConfigurationName().isPresent();
    }

    @Override
    public void customize(GrpcServerConfiguration server, VertxServerBuilder builder) {
        try {
            secure(server, builder.nettyBuilder());
            bound(builder.nettyBuilder());
            queueNothing();
            // Made here and not when it is first called, so that whatever is wrong with it is known before.
            gate.get();
        } catch (RuntimeException e) {
            failure = Optional.of(e);
            throw e;
        }
    }

    private void secure(GrpcServerConfiguration server, NettyServerBuilder netty) {
        var context = tls.open();
        if (context.isEmpty() && !bounds.plaintextBeyondLoopback() && !isLoopback(server.host())) {
            throw new StartupException("gRPC would listen on " + server.host()
                    + " without TLS: set pulseplane.gate.tls-configuration-name, or, if something else encrypts on the"
                    + " way, pulseplane.gate.plaintext-beyond-loopback=true");
        }
        context.ifPresent(netty::sslContext);
    }

    private void bound(NettyServerBuilder netty) {
        try {
            netty.addTransportFilter(connections.get())
                    .addStreamTracerFactory(new HalfSent(
                            bounds.maxHalfSentBytesPerConnection().asLongValue(),
                            bounds.maxHalfSentBytes().asLongValue()));
            limit(netty);
        } catch (IllegalArgumentException e) {
            throw new StartupException("pulseplane.gate: " + e.getMessage());
        }
    }

    private void limit(NettyServerBuilder netty) {
        long metadata = METADATA_READ * bounds.maxMetadataBytes().asLongValue();
        netty.maxConcurrentCallsPerConnection(bounds.maxCallsPerConnection())
                .maxRstFramesPerWindow(bounds.maxResetsPerTenSeconds(), RESET_WINDOW_SECONDS)
                .maxInboundMetadataSize((int) Math.min(metadata, Integer.MAX_VALUE))
                .maxConnectionIdle(bounds.maxIdle().toNanos(), TimeUnit.NANOSECONDS)
                .maxConnectionAge(bounds.maxAge().toNanos(), TimeUnit.NANOSECONDS)
                .maxConnectionAgeGrace(GRACE_MINUTES, TimeUnit.MINUTES)
                .permitKeepAliveTime(bounds.minPingInterval().toNanos(), TimeUnit.NANOSECONDS)
                .permitKeepAliveWithoutCalls(true)
                .withChildOption(ChannelOption.RCVBUF_ALLOCATOR, oneBufferATurn());
    }

    /**
     * Calls that are read and not begun are a queue that nobody bounds and everybody waits in, also who asks for one thing
     * in a second. So what was read is done first; what is too much stays in its connection, and waits in its client.
     */
    private void queueNothing() {
        if (vertx instanceof VertxInternal plumbing
                && plumbing.getEventLoopGroup() instanceof NioEventLoopGroup loops) {
            loops.setIoRatio(FIRST_DO_THEN_READ);
        }
    }

    /**
     * A connection is read from once in a turn, and not for as long as there is something to read: who sends much would
     * otherwise have the event loop to themselves for tens of milliseconds.
     */
    private static RecvByteBufAllocator oneBufferATurn() {
        return new AdaptiveRecvByteBufAllocator(MIN_READ, READ, MAX_READ).maxMessagesPerRead(1);
    }

    private static boolean isLoopback(String host) {
        try {
            return InetAddress.getByName(host).isLoopbackAddress();
        } catch (UnknownHostException e) {
            throw new StartupException("gRPC cannot listen on " + host + ": there is no such host");
        }
    }
}
