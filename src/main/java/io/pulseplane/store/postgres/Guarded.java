package io.pulseplane.store.postgres;

import io.smallrye.faulttolerance.api.TypedGuard;
import io.vertx.core.VertxException;
import jakarta.enterprise.util.TypeLiteral;
import java.time.temporal.ChronoUnit;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Questions with a time limit, a bound on how many are under way, and a circuit breaker: while PostgreSQL answers nobody,
 * nobody waits for it. A question whose connection broke is asked again.
 */
final class Guarded {

    private static final TypeLiteral<CompletionStage<Object>> ANSWER = new TypeLiteral<>() {
        private static final long serialVersionUID = 1L;
    };

    private final TypedGuard<CompletionStage<Object>> guard;

    /** @param onBreaker told the state of the circuit breaker when it changes, in the words of SmallRye Fault Tolerance */
    Guarded(PostgresSettings.Faults faults, Failures failures, Consumer<String> onBreaker) {
        var builder = TypedGuard.create(ANSWER)
                .withDescription("postgres reads")
                .withBulkhead()
                .limit(faults.maxConcurrent())
                .queueSize(1)
                .done()
                .withCircuitBreaker()
                .requestVolumeThreshold(faults.breakerVolume())
                .failureRatio(faults.breakerRatio())
                .delay(faults.breakerDelay().toMillis(), ChronoUnit.MILLIS)
                .when(failures::isOutage)
                .onStateChange(state -> onBreaker.accept(state.name()))
                .done()
                .withTimeout()
                .duration(faults.readTimeout().toMillis(), ChronoUnit.MILLIS)
                .done();
        guard = faults.readRetries() == 0
                ? builder.build()
                : builder.withRetry()
                        .maxRetries(faults.readRetries())
                        .delay(faults.retryDelay().toMillis(), ChronoUnit.MILLIS)
                        .jitter(faults.retryDelay().toMillis(), ChronoUnit.MILLIS)
                        .whenException(Guarded::isBroken)
                        .done()
                        .build();
    }

    /** Whether it was the connection that failed, and another may do better. */
    private static boolean isBroken(Throwable failure) {
        return failure instanceof VertxException
                || switch (Failures.state(failure)) {
                    case Failures.ADMIN_SHUTDOWN, Failures.CRASH_SHUTDOWN, Failures.READ_ONLY -> true;
                    default -> false;
                };
    }

    @SuppressWarnings("unchecked")
    <T> CompletionStage<T> ask(Supplier<CompletionStage<T>> question) {
        return (CompletionStage<T>) guard.get((Supplier<CompletionStage<Object>>) (Supplier<?>) question);
    }
}
