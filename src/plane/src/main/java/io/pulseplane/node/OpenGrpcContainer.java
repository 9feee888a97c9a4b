package io.pulseplane.node;

import io.pulseplane.gate.Gate;
import io.pulseplane.node.config.ConfigBounds;
import io.quarkus.arc.Unremovable;
import io.quarkus.grpc.runtime.GrpcContainer;
import io.smallrye.config.SmallRyeConfig;
import jakarta.annotation.Priority;
import jakarta.enterprise.inject.Alternative;
import jakarta.enterprise.inject.Instance;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;

/**
 * Opens the plane on the thread that starts it. Quarkus asks for this bean there. It asks for services and interceptors
 * later, on an event loop, which must not wait for files: the store, the audit trail, the policy, the token's key.
 * Nothing injects this bean, so Quarkus would remove it if it were not marked.
 */
@Alternative
@Priority(1)
@Singleton
@Unremovable
final class OpenGrpcContainer extends GrpcContainer {

    @Inject
    OpenGrpcContainer(SmallRyeConfig config, GrpcServerTls tls, Instance<Gate> gate) {
        ConfigBounds.check(config);
        tls.open();
        gate.get();
    }
}
