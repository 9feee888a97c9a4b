package io.pulseplane.node;

import io.pulseplane.store.Store;
import io.smallrye.health.api.AsyncHealthCheck;
import io.smallrye.mutiny.Uni;
import jakarta.inject.Singleton;
import java.time.Duration;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Readiness;

/**
 * The plane is ready while it can store readings and answer queries. The check does what callers do, and the answer
 * says which of the two fails, and how many acknowledged batches are lost. A loss alone does not make the plane
 * unready: the rest is served. The answer stands for a second, however many ask.
 */
@Readiness
@Singleton
final class StoreReadiness implements AsyncHealthCheck {

    private static final Duration CHECK_TIMEOUT = Duration.ofSeconds(1);
    private static final Duration ANSWER_STANDS = Duration.ofSeconds(1);

    private final Uni<HealthCheckResponse> answer;
    private volatile long answeredAt;

    StoreReadiness(Store store) {
        this.answer = Uni.combine()
                .all()
                .unis(succeeds(Uni.createFrom().deferred(store::checkReads)), succeeds(store.check()))
                .with((reads, writes) -> HealthCheckResponse.named("store")
                        .withData("reading", reads ? "up" : "down")
                        .withData("writing", writes ? "up" : "down")
                        .withData("lost batches", store.lostBatches())
                        .status(reads && writes)
                        .build())
                .invoke(() -> answeredAt = System.nanoTime())
                .memoize()
                .until(() -> System.nanoTime() - answeredAt >= ANSWER_STANDS.toNanos());
    }

    private static Uni<Boolean> succeeds(Uni<Void> check) {
        return check.map(_ -> true)
                .ifNoItem()
                .after(CHECK_TIMEOUT)
                .recoverWithItem(false)
                .onFailure()
                .recoverWithItem(false);
    }

    @Override
    public Uni<HealthCheckResponse> call() {
        return answer;
    }
}
