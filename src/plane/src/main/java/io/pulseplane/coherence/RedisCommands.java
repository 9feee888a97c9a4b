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
 * Sends commands to Redis with a time limit, a bulkhead and a circuit breaker. Writes are repeated if they fail. Reads
 * are not: the plane reads the store instead.
 */
final class RedisCommands {

    /** Sets a value if the current one begins with the expected bytes. The header of a sealed text identifies it. */
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

    RedisCommands(ReconnectingConnection connection, RedisSettings.FaultTolerance faults, SiteEvents events) {
        this.connection = connection;
        var readEvents = events.guardEvents(SiteEvents.CommandKind.READS);
        this.reads = guard(faults, SiteEvents.CommandKind.READS, readEvents)
                .withTimeout()
                .duration(faults.readTimeout().toMillis(), ChronoUnit.MILLIS)
                .onTimeout(() -> readEvents.intervened(TIMEOUT))
                .done()
                .build();
        var writeEvents = events.guardEvents(SiteEvents.CommandKind.WRITES);
        var guard = guard(faults, SiteEvents.CommandKind.WRITES, writeEvents)
                .withTimeout()
                .duration(faults.writeTimeout().toMillis(), ChronoUnit.MILLIS)
                .onTimeout(() -> writeEvents.intervened(TIMEOUT))
                .done();
        this.writes = faults.writeRetries() == 0
                ? guard.build()
                : guard.withRetry()
                        .maxRetries(faults.writeRetries())
                        .delay(faults.retryDelay().toMillis(), ChronoUnit.MILLIS)
                        .jitter(faults.retryDelay().toMillis(), ChronoUnit.MILLIS)
                        .onRetry(() -> writeEvents.intervened(RETRY))
                        .abortOn(ReconnectingConnection.NotConnectedException.class)
                        .done()
                        .build();
    }

    private static TypedGuard.Builder<CompletionStage<Response>> guard(
            RedisSettings.FaultTolerance faults, SiteEvents.CommandKind kind, GuardEvents events) {
        return TypedGuard.create(REPLY_TYPE)
                .withDescription("redis " + kind)
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

    /**
     * Reads the values of keys, which must be on one node, in the order of the keys; null for a key without a value.
     */
    CompletionStage<List<byte[]>> get(List<String> keys) {
        var request = Request.cmd(Command.MGET);
        keys.forEach(request::arg);
        return read(request)
                .thenApply(reply -> reply.stream().map(RedisCommands::bytes).toList());
    }

    /** Sets the value of a key that has none; false if it has one. Guarded as a read, because a read waits for it. */
    CompletionStage<Boolean> setIfAbsent(String key, byte[] value, Duration ttl) {
        return read(Request.cmd(Command.SET)
                        .arg(key)
                        .arg(value)
                        .arg("NX")
                        .arg("PX")
                        .arg(ttl.toMillis()))
                .thenApply(reply -> reply != null);
    }

    /** Sets a value and returns the one before; null if there was none. */
    CompletionStage<byte[]> getAndSet(String key, byte[] value, Duration ttl) {
        return write(Request.cmd(Command.SET)
                        .arg(key)
                        .arg(value)
                        .arg("PX")
                        .arg(ttl.toMillis())
                        .arg("GET"))
                .thenApply(RedisCommands::bytes);
    }

    /**
     * Sets a value if the current one is the expected one; false if it is not. Compares sealed texts by their headers.
     */
    CompletionStage<Boolean> compareAndSet(String key, byte[] expected, byte[] value, Duration ttl) {
        var prefix = expected.length > Aead.HEADER_BYTES ? Arrays.copyOf(expected, Aead.HEADER_BYTES) : expected;
        return write(Request.cmd(Command.EVAL)
                        .arg(COMPARE_AND_SET)
                        .arg(1)
                        .arg(key)
                        .arg(prefix)
                        .arg(value)
                        .arg(ttl.toMillis()))
                .thenApply(reply -> reply.toInteger() == 1);
    }

    private static byte[] bytes(Response reply) {
        return reply == null ? null : reply.toBytes();
    }
}
