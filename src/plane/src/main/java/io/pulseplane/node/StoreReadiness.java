package io.pulseplane.node;

import io.pulseplane.store.Store;
import io.smallrye.health.api.AsyncHealthCheck;
import io.smallrye.mutiny.Uni;
import jakarta.inject.Singleton;
import java.time.Duration;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Readiness;

/** The plane is ready while it can store readings. */
@Readiness
@Singleton
final class StoreReadiness implements AsyncHealthCheck {

    private static final Duration CHECK_TIMEOUT = Duration.ofSeconds(1);

    private final Store store;

    StoreReadiness(Store store) {
        this.store = store;
    }

    @Override
    public Uni<HealthCheckResponse> call() {
        return store.check()
                .ifNoItem()
                .after(CHECK_TIMEOUT)
                .fail()
                .map(_ -> HealthCheckResponse.up("store"))
                .onFailure()
                .recoverWithItem(() -> HealthCheckResponse.down("store"));
    }
}
