package io.pulseplane.node;

import grpc.health.v1.HealthOuterClass.HealthCheckResponse.ServingStatus;
import io.pulseplane.files.PrivateFiles;
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
import java.io.IOException;
import java.nio.file.Files;
import org.jboss.logging.Logger;

/** Checks at the start that the plane can serve, and drains it when it stops. */
@Singleton
final class Lifecycle {

    private static final Logger LOG = Logger.getLogger(Lifecycle.class);

    private final PlaneConfig config;
    private final Ingest ingest;
    private final GrpcHealthStorage health;
    private final GrpcServerCustomizer grpcServer;
    private final GrpcServerConfiguration grpc;
    private final ValueRegistry values;

    Lifecycle(
            PlaneConfig config,
            Ingest ingest,
            GrpcHealthStorage health,
            GrpcServerCustomizer grpcServer,
            GrpcConfiguration grpc,
            ValueRegistry values) {
        this.config = config;
        this.ingest = ingest;
        this.health = health;
        this.grpcServer = grpcServer;
        this.grpc = grpc.server();
        this.values = values;
    }

    /** Quarkus starts even if its gRPC server does not; a plane without gRPC must not start. */
    void onStart(@Observes StartupEvent event) {
        if (!grpc.useSeparateServer()) {
            throw new StartupException(
                    "quarkus.grpc.server.use-separate-server=false would bypass the limits of the gate");
        }
        requirePrivateDataDirectory();
        grpcServer.startupFailure().ifPresent(failure -> {
            throw failure;
        });
        // Quarkus registers the port before it continues. It raises its count of servers concurrently, perhaps later.
        if (!values.containsKey(GrpcServer.GRPC_PORT)) {
            throw new StartupException(
                    "gRPC cannot listen on " + grpc.host() + ":" + grpc.port() + "; is the port taken?");
        }
        // With port 0 configured, the server has chosen this one.
        int port = values.get(GrpcServer.GRPC_PORT);
        LOG.infof("gRPC listens on %s:%d, %s TLS", grpc.host(), port, grpcServer.usesTls() ? "with" : "without");
        LOG.infof("Keeping data in %s", config.dataDir().toAbsolutePath());
    }

    /** A plane with PostgreSQL and without a spool has keys in the directory, and no store that would look at it. */
    private void requirePrivateDataDirectory() {
        try {
            if (Files.exists(config.dataDir())) {
                PrivateFiles.requirePrivateDirectory(config.dataDir(), "data directory", config.dataDirAccess());
            }
        } catch (IOException e) {
            throw new StartupException("the data directory cannot be read: " + e.getMessage());
        }
    }

    /** Runs first when the plane stops: the servers and the store are still open. */
    void onStop(@Observes ShutdownEvent event) {
        health.setStatus(GrpcHealthStorage.DEFAULT_SERVICE_NAME, ServingStatus.NOT_SERVING);
        if (ingest.drain(config.drainTimeout())) {
            LOG.info("Everything that was taken is durable");
        } else {
            LOG.warn("Some of what was taken is not durable yet; it was not acknowledged");
        }
    }
}
