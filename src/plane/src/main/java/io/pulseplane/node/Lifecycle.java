package io.pulseplane.node;

import grpc.health.v1.HealthOuterClass.HealthCheckResponse.ServingStatus;
import io.pulseplane.ingest.Ingest;
import io.pulseplane.node.config.PlaneConfig;
import io.pulseplane.node.config.StartupException;
import io.quarkus.grpc.runtime.GrpcServer;
import io.quarkus.grpc.runtime.config.GrpcConfiguration;
import io.quarkus.grpc.runtime.config.GrpcServerConfiguration;
import io.quarkus.grpc.runtime.health.GrpcHealthStorage;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import io.quarkus.value.registry.ValueRegistry;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import org.jboss.logging.Logger;

/** Begins and ends the plane. */
@Singleton
final class Lifecycle {

    private static final Logger LOG = Logger.getLogger(Lifecycle.class);

    private final PlaneConfig config;
    private final Ingest ingest;
    private final GrpcHealthStorage health;
    private final GrpcServerCustomizer bounds;
    private final GrpcServerConfiguration grpc;
    private final ValueRegistry values;

    Lifecycle(
            PlaneConfig config,
            Ingest ingest,
            GrpcHealthStorage health,
            GrpcServerCustomizer bounds,
            GrpcConfiguration grpc,
            ValueRegistry values) {
        this.config = config;
        this.ingest = ingest;
        this.health = health;
        this.bounds = bounds;
        this.grpc = grpc.server();
        this.values = values;
    }

    /** Quarkus goes on without its gRPC server if that cannot be made; a plane without gRPC is none. */
    void onStart(@Observes StartupEvent event) {
        if (!grpc.useSeparateServer()) {
            throw new StartupException(
                    "quarkus.grpc.server.use-separate-server=false would lead past the bounds of the gate");
        }
        bounds.startupFailure().ifPresent(why -> {
            throw why;
        });
        // Known before Quarkus goes on; its count of servers is raised beside that, and so at times after this.
        if (!values.containsKey(GrpcServer.GRPC_PORT)) {
            throw new StartupException(
                    "gRPC cannot listen on " + grpc.host() + ":" + grpc.port() + "; is the port taken?");
        }
        // Which is not the configured one where that is 0.
        int port = values.get(GrpcServer.GRPC_PORT);
        LOG.infof("gRPC listens on %s:%d, %s TLS", grpc.host(), port, bounds.usesTls() ? "with" : "without");
        LOG.infof("Keeping data in %s", config.dataDir().toAbsolutePath());
    }

    /** The first thing that happens when the plane stops: the servers and the store are still there. */
    void onStop(@Observes ShutdownEvent event) {
        health.setStatus(GrpcHealthStorage.DEFAULT_SERVICE_NAME, ServingStatus.NOT_SERVING);
        if (ingest.drain(config.drainTimeout())) {
            LOG.info("Everything that was taken is durable");
        } else {
            LOG.warn("Some of what was taken is not durable yet; it was not acknowledged");
        }
    }
}
