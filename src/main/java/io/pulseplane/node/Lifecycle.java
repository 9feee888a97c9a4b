package io.pulseplane.node;

import grpc.health.v1.HealthOuterClass.HealthCheckResponse.ServingStatus;
import io.pulseplane.ingest.Ingest;
import io.quarkus.grpc.runtime.GrpcServerRecorder;
import io.quarkus.grpc.runtime.config.GrpcConfiguration;
import io.quarkus.grpc.runtime.config.GrpcServerConfiguration;
import io.quarkus.grpc.runtime.health.GrpcHealthStorage;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
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
    private final GrpcServerConfiguration grpc;

    Lifecycle(PlaneConfig config, Ingest ingest, GrpcHealthStorage health, GrpcConfiguration grpc) {
        this.config = config;
        this.ingest = ingest;
        this.health = health;
        this.grpc = grpc.server();
    }

    /** Quarkus goes on without its gRPC server if the port is taken; a plane without gRPC is none. */
    void started(@Observes StartupEvent event) {
        if (GrpcServerRecorder.getVerticleCount() == 0) {
            throw new PlaneProcess.StartFailure(
                    "gRPC cannot listen on " + grpc.host() + ":" + grpc.port() + "; is the port taken?");
        }
        LOG.infof("Keeping data in %s", config.dataDir().toAbsolutePath());
    }

    /** The first thing that happens when the plane stops: the servers and the store are still there. */
    void stopping(@Observes ShutdownEvent event) {
        health.setStatus(GrpcHealthStorage.DEFAULT_SERVICE_NAME, ServingStatus.NOT_SERVING);
        if (ingest.drain(config.drainTimeout())) {
            LOG.info("Everything that was taken is durable");
        } else {
            LOG.warn("Some of what was taken is not durable yet; it was not acknowledged");
        }
    }
}
