package io.pulseplane.store.postgres;

import static io.pulseplane.store.GuardEvents.Intervention.PREVENTED;
import static io.pulseplane.store.GuardEvents.Intervention.REJECTED;
import static io.pulseplane.store.GuardEvents.Intervention.RETRY;
import static io.pulseplane.store.GuardEvents.Intervention.TIMEOUT;

import io.pulseplane.store.GuardEvents;
import io.smallrye.faulttolerance.api.TypedGuard;
import io.vertx.core.VertxException;
import jakarta.enterprise.util.TypeLiteral;
import java.time.temporal.ChronoUnit;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

/**
 * Guards queries with a time limit, a bulkhead and a circuit breaker: during an outage of PostgreSQL, queries fail at
 * once. A query whose connection broke is repeated.
 */
final class ReadGuard {

    private static final TypeLiteral<CompletionStage<Object>> RESULT_TYPE = new TypeLiteral<>() {
        private static final long serialVersionUID = 1L;
    };

    private final TypedGuard<CompletionStage<Object>> guard;

    ReadGuard(PostgresSettings.FaultTolerance faults, PostgresErrors failures, GuardEvents events) {
        var builder = TypedGuard.create(RESULT_TYPE)
                .withDescription("postgres reads")
                .withBulkhead()
                .limit(faults.maxConcurrent())
                .queueSize(1)
                .onRejected(() -> events.intervened(REJECTED))
                .done()
                .withCircuitBreaker()
                .requestVolumeThreshold(faults.breakerVolume())
                .failureRatio(faults.breakerRatio())
                .delay(faults.breakerDelay().toMillis(), ChronoUnit.MILLIS)
                .when(failures::isOutage)
                .onStateChange(state -> events.circuitBreakerChanged(state.name()))
                .onPrevented(() -> events.intervened(PREVENTED))
                .done()
                .withTimeout()
                .duration(faults.readTimeout().toMillis(), ChronoUnit.MILLIS)
                .onTimeout(() -> events.intervened(TIMEOUT))
                .done();
        guard = faults.readRetries() == 0
                ? builder.build()
                : builder.withRetry()
                        .maxRetries(faults.readRetries())
                        .delay(faults.retryDelay().toMillis(), ChronoUnit.MILLIS)
                        .jitter(faults.retryDelay().toMillis(), ChronoUnit.MILLIS)
                        .onRetry(() -> events.intervened(RETRY))
                        .whenException(ReadGuard::isConnectionLost)
                        .done()
                        .build();
    }

    /** Whether the connection or its server failed, so that another connection may succeed. */
    private static boolean isConnectionLost(Throwable failure) {
        return failure instanceof VertxException
                || switch (PostgresErrors.sqlState(failure)) {
                    case PostgresErrors.ADMIN_SHUTDOWN, PostgresErrors.CRASH_SHUTDOWN, PostgresErrors.READ_ONLY -> true;
                    default -> false;
                };
    }

    @SuppressWarnings("unchecked")
    <T> CompletionStage<T> call(Supplier<CompletionStage<T>> query) {
        return (CompletionStage<T>) guard.get((Supplier<CompletionStage<Object>>) (Supplier<?>) query);
    }
}
