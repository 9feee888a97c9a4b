package io.pulseplane.node;

import io.grpc.netty.GrpcSslContexts;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.pulseplane.gate.Connections;
import io.quarkus.grpc.api.ServerBuilderCustomizer;
import io.quarkus.grpc.runtime.config.GrpcServerConfiguration;
import io.quarkus.tls.TlsConfiguration;
import io.quarkus.tls.TlsConfigurationRegistry;
import io.vertx.core.Vertx;
import io.vertx.grpc.VertxServerBuilder;
import jakarta.inject.Singleton;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.concurrent.TimeUnit;

/** What the gRPC server takes from a connection before there is a call, and whether it listens at all. */
@Singleton
final class ServerBounds implements ServerBuilderCustomizer<VertxServerBuilder> {

    private static final int RESET_WINDOW_SECONDS = 10;

    /** How long calls under way have when their connection has become too old. */
    private static final int GRACE_MINUTES = 5;

    private final GateConfig.Bounds bounds;
    private final Connections connections;
    private final TlsConfigurationRegistry certificates;
    private final Vertx vertx;

    ServerBounds(GateConfig config, Connections connections, TlsConfigurationRegistry certificates, Vertx vertx) {
        this.bounds = config.gate();
        this.connections = connections;
        this.certificates = certificates;
        this.vertx = vertx;
    }

    @Override
    public void customize(GrpcServerConfiguration server, VertxServerBuilder builder) {
        var netty = builder.nettyBuilder();
        if (bounds.tlsConfigurationName().isPresent()) {
            netty.sslContext(tls(bounds.tlsConfigurationName().get()));
        } else if (!bounds.plaintextBeyondLoopback() && !isLoopback(server.host())) {
            throw new PlaneProcess.StartFailure("gRPC would listen on " + server.host()
                    + " without TLS: set pulseplane.gate.tls-configuration-name, or, if something else encrypts on the"
                    + " way, pulseplane.gate.plaintext-beyond-loopback=true");
        }
        netty.addTransportFilter(connections)
                .maxConcurrentCallsPerConnection(bounds.maxCallsPerConnection())
                .maxRstFramesPerWindow(bounds.maxResetsPerTenSeconds(), RESET_WINDOW_SECONDS)
                .maxInboundMetadataSize((int) bounds.maxMetadataBytes().asLongValue())
                .maxConnectionIdle(bounds.maxIdle().toNanos(), TimeUnit.NANOSECONDS)
                .maxConnectionAge(bounds.maxAge().toNanos(), TimeUnit.NANOSECONDS)
                .maxConnectionAgeGrace(GRACE_MINUTES, TimeUnit.MINUTES)
                .permitKeepAliveTime(bounds.minPingInterval().toNanos(), TimeUnit.NANOSECONDS)
                .permitKeepAliveWithoutCalls(true);
    }

    private static boolean isLoopback(String host) {
        try {
            return InetAddress.getByName(host).isLoopbackAddress();
        } catch (UnknownHostException e) {
            throw new PlaneProcess.StartFailure("gRPC cannot listen on " + host + ": there is no such host");
        }
    }

    private SslContext tls(String name) {
        var configuration = certificates
                .get(name)
                .orElseThrow(() -> new PlaneProcess.StartFailure("there is no TLS configuration named " + name
                        + ": set quarkus.tls." + name + ".key-store.pem.0.cert and .key"));
        try {
            return context(configuration);
        } catch (Exception e) {
            throw new PlaneProcess.StartFailure("the TLS configuration " + name + " cannot be used: " + e.getMessage());
        }
    }

    /** A client may show a certificate where there is a trust store to check it by; a device that does needs no token. */
    private SslContext context(TlsConfiguration configuration) throws Exception {
        var context =
                SslContextBuilder.forServer(configuration.getKeyStoreOptions().getKeyManagerFactory(vertx));
        if (configuration.getTrustStoreOptions() != null) {
            context.trustManager(configuration.getTrustStoreOptions().getTrustManagerFactory(vertx))
                    .clientAuth(ClientAuth.OPTIONAL);
        }
        return GrpcSslContexts.configure(context)
                .protocols("TLSv1.3", "TLSv1.2")
                .build();
    }
}
