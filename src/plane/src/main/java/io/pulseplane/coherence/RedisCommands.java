package io.pulseplane.coherence;

import static io.pulseplane.store.GuardEvents.Intervention.PREVENTED;
import static io.pulseplane.store.GuardEvents.Intervention.REJECTED;
import static io.pulseplane.store.GuardEvents.Intervention.RETRY;
import static io.pulseplane.store.GuardEvents.Intervention.TIMEOUT;

import io.pulseplane.store.GuardEvents;
import io.pulseplane.store.crypto.Aead;
import io.smallrye.faulttolerance.api.TypedGuard;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import jakarta.enterprise.util.TypeLiteral;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletionStage;

/**
 * Commands to Redis, each with a time limit, a bound on how many are under way, and a circuit breaker. Reads are not tried
 * again: the store is asked instead. Writes are.
 */
final class RedisCommands {

    /** Sets a value if what is there begins with what is expected; of what is there, as much as tells it from others. */
    private static final String COMPARE_AND_SET = """
            if redis.call('GETRANGE', KEYS[1], 0, %d) == ARGV[1] then
              redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
              return 1
            end
            return 0
            """.formatted(Aead.HEADER_BYTES - 1);

    private static final TypeLiteral<CompletionStage<Response>> REPLY_TYPE = new TypeLiteral<>() {
        private static final long serialVersionUID = 1L;
    };

    private final ReconnectingConnection connection;
    private final TypedGuard<CompletionStage<Response>> reads;
    private final TypedGuard<CompletionStage<Response>> writes;

    RedisCommands(ReconnectingConnection link, RedisSettings.FaultTolerance faults, SiteEvents events) {
        this.connection = link;
        var ofReads = events.guardEvents(SiteEvents.CommandKind.READS);
        this.reads = guard(faults, SiteEvents.CommandKind.READS, ofReads)
                .withTimeout()
                .duration(faults.readTimeout().toMillis(), ChronoUnit.MILLIS)
                .onTimeout(() -> ofReads.intervened(TIMEOUT))
                .done()
                .build();
        var ofWrites = events.guardEvents(SiteEvents.CommandKind.WRITES);
        var guard = guard(faults, SiteEvents.CommandKind.WRITES, ofWrites)
                .withTimeout()
                .duration(faults.writeTimeout().toMillis(), ChronoUnit.MILLIS)
                .onTimeout(() -> ofWrites.intervened(TIMEOUT))
                .done();
        this.writes = faults.writeRetries() == 0
                ? guard.build()
                : guard.withRetry()
                        .maxRetries(faults.writeRetries())
                        .delay(faults.retryDelay().toMillis(), ChronoUnit.MILLIS)
                        .jitter(faults.retryDelay().toMillis(), ChronoUnit.MILLIS)
                        .onRetry(() -> ofWrites.intervened(RETRY))
                        .abortOn(ReconnectingConnection.NotConnectedException.class)
                        .done()
                        .build();
    }

    private static TypedGuard.Builder<CompletionStage<Response>> guard(
            RedisSettings.FaultTolerance faults, SiteEvents.CommandKind of, GuardEvents events) {
        return TypedGuard.create(REPLY_TYPE)
                .withDescription("redis " + of)
                .withBulkhead()
                .limit(faults.maxConcurrent())
                .queueSize(faults.maxConcurrent())
                .onRejected(() -> events.intervened(REJECTED))
                .done()
                .withCircuitBreaker()
                .requestVolumeThreshold(faults.breakerVolume())
                .failureRatio(faults.breakerRatio())
                .delay(faults.breakerDelay().toMillis(), ChronoUnit.MILLIS)
                .onStateChange(state -> events.circuitBreakerChanged(state.name()))
                .onPrevented(() -> events.intervened(PREVENTED))
                .done();
    }

    private CompletionStage<Response> read(Request request) {
        return reads.get(() -> connection.send(request).toCompletionStage());
    }

    private CompletionStage<Response> write(Request request) {
        return writes.get(() -> connection.send(request).toCompletionStage());
    }

    /** In the order of the keys, which have to be on one node; null where there is nothing. */
    CompletionStage<List<byte[]>> get(List<String> keys) {
        var request = Request.cmd(Command.MGET);
        keys.forEach(request::arg);
        return read(request)
                .thenApply(answer -> answer.stream().map(RedisCommands::bytes).toList());
    }

    /** Sets it if there is nothing; says whether there was not. Part of reading, and as urgent. */
    CompletionStage<Boolean> setIfAbsent(String key, byte[] value, Duration life) {
        return read(Request.cmd(Command.SET)
                        .arg(key)
                        .arg(value)
                        .arg("NX")
                        .arg("PX")
                        .arg(life.toMillis()))
                .thenApply(answer -> answer != null);
    }

    /** Sets it, and says what was there; null if nothing was. */
    CompletionStage<byte[]> getAndSet(String key, byte[] value, Duration life) {
        return write(Request.cmd(Command.SET)
                        .arg(key)
                        .arg(value)
                        .arg("PX")
                        .arg(life.toMillis())
                        .arg("GET"))
                .thenApply(RedisCommands::bytes);
    }

    /** Sets it if what is there is the expected, or sealed as the expected was; says whether it was. */
    CompletionStage<Boolean> compareAndSet(String key, byte[] expected, byte[] value, Duration life) {
        var unique = expected.length > Aead.HEADER_BYTES ? Arrays.copyOf(expected, Aead.HEADER_BYTES) : expected;
        return write(Request.cmd(Command.EVAL)
                        .arg(COMPARE_AND_SET)
                        .arg(1)
                        .arg(key)
                        .arg(unique)
                        .arg(value)
                        .arg(life.toMillis()))
                .thenApply(answer -> answer.toInteger() == 1);
    }

    private static byte[] bytes(Response answer) {
        return answer == null ? null : answer.toBytes();
    }
}
