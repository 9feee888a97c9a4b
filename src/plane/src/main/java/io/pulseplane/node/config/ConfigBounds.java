package io.pulseplane.node.config;

import io.quarkus.runtime.configuration.MemorySize;
import io.smallrye.config.SmallRyeConfig;
import java.math.BigDecimal;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/**
 * The bounds of every number, duration, size and time in the configuration. A value outside of them would be accepted
 * at the start and break calls later, for example by an overflow. So a plane with such a value does not start.
 */
public final class ConfigBounds {

    /** A bound, inclusive, as an operator writes it. */
    record Bound(String key, Class<?> type, String min, String max) {

        private static Bound duration(String key, String min, String max) {
            return new Bound("pulseplane." + key, Duration.class, min, max);
        }

        private static Bound size(String key, String min, String max) {
            return new Bound("pulseplane." + key, MemorySize.class, min, max);
        }

        private static Bound time(String key, String min, String max) {
            return new Bound("pulseplane." + key, Instant.class, min, max);
        }

        private static Bound number(String key, String min, String max) {
            return new Bound("pulseplane." + key, Number.class, min, max);
        }

        private void check(SmallRyeConfig config) {
            if (key.endsWith(".*")) {
                checkAll(config, key.substring(0, key.length() - 1));
            } else {
                check(config, key);
            }
        }

        /** Checks a key whose last part the operator chooses. */
        private void checkAll(SmallRyeConfig config, String prefix) {
            for (var name : config.getPropertyNames()) {
                if (name.startsWith(prefix)) {
                    check(config, name);
                }
            }
        }

        private void check(SmallRyeConfig config, String name) {
            var text = config.getConfigValue(name).getValue();
            if (text != null && !text.isEmpty() && !contains(config, text)) {
                throw new StartupException(name + " must be " + min + " to " + max + ", not " + text);
            }
        }

        private boolean contains(SmallRyeConfig config, String text) {
            try {
                var value = amount(config, text);
                return value.compareTo(amount(config, min)) >= 0 && value.compareTo(amount(config, max)) <= 0;
            } catch (IllegalArgumentException | ArithmeticException | DateTimeException _) {
                return false;
            }
        }

        private BigDecimal amount(SmallRyeConfig config, String text) {
            if (type == Number.class) {
                return new BigDecimal(text);
            }
            if (type == MemorySize.class) {
                return new BigDecimal(convert(config, text, MemorySize.class).asBigInteger());
            }
            if (type == Instant.class) {
                var time = Instant.parse(text);
                return BigDecimal.valueOf(time.getEpochSecond()).add(BigDecimal.valueOf(time.getNano(), 9));
            }
            var duration = convert(config, text, Duration.class);
            return BigDecimal.valueOf(duration.getSeconds()).add(BigDecimal.valueOf(duration.getNano(), 9));
        }

        private static <T> T convert(SmallRyeConfig config, String text, Class<T> type) {
            return config.requireConverter(type).convert(text);
        }
    }

    static final List<Bound> ALL = List.of(
            Bound.duration("drain-timeout", "0s", "1h"),
            Bound.duration("clock.allowance", "0s", "10m"),
            Bound.duration("clock.max-leap", "1s", "365d"),
            Bound.duration("clock.sync-wait", "0s", "24h"),
            Bound.size("ingest.max-pending-bytes", "64K", "1T"),
            Bound.size("ingest.max-stream-bytes", "64K", "1T"),
            Bound.number("ingest.max-batch-readings", "1", "1000000"),
            Bound.duration("ingest.ahead-allowance", "0s", "24h"),
            Bound.time("ingest.earliest-time", "1970-01-01T00:00:00Z", "2100-01-01T00:00:00Z"),
            Bound.duration("query.unary-deadline", "1ms", "10m"),
            Bound.duration("query.max-deadline", "1ms", "10m"),
            Bound.size("query.answer-memory", "64K", "1T"),
            Bound.size("live.latest-memory", "0", "1T"),
            Bound.number("live.max-watch-readings", "1", "10000000"),
            Bound.number("store.reader-threads", "1", "256"),
            Bound.size("store.compact-after-bytes", "1K", "1G"),
            Bound.duration("store.compact-after", "1ms", "24h"),
            Bound.duration("store.retention", "1m", "36500d"),
            Bound.duration("store.retention-by-code.*", "1m", "36500d"),
            Bound.size("store.disk-budget", "1K", "1P"),
            Bound.number("postgres.pool-size", "2", "1000"),
            Bound.number("postgres.write-connections", "1", "999"),
            Bound.number("postgres.pipelining", "1", "100000"),
            Bound.duration("postgres.statement-timeout", "1ms", "1h"),
            Bound.duration("postgres.connect-timeout", "1ms", "10m"),
            Bound.duration("postgres.faults.read-timeout", "1ms", "10m"),
            Bound.number("postgres.faults.read-retries", "0", "100"),
            Bound.duration("postgres.faults.retry-delay", "0ms", "1m"),
            Bound.number("postgres.faults.max-concurrent", "1", "1000000"),
            Bound.number("postgres.faults.breaker-volume", "1", "100000"),
            Bound.number("postgres.faults.breaker-ratio", "0", "1"),
            Bound.duration("postgres.faults.breaker-delay", "0ms", "1h"),
            Bound.duration("site.max-staleness", "5ms", "1h"),
            Bound.size("site.windows-memory", "0", "1T"),
            Bound.duration("site.windows-ttl", "1s", "24h"),
            Bound.duration("redis.ttl", "1s", "24h"),
            Bound.duration("redis.read-ttl", "1ms", "1h"),
            Bound.duration("redis.heartbeat", "1ms", "10m"),
            Bound.number("redis.min-planes", "1", "1000"),
            Bound.duration("redis.silent-plane-timeout", "1s", "365d"),
            Bound.duration("redis.faults.read-timeout", "1ms", "1m"),
            Bound.duration("redis.faults.write-timeout", "1ms", "1m"),
            Bound.number("redis.faults.write-retries", "0", "100"),
            Bound.duration("redis.faults.retry-delay", "0ms", "1m"),
            Bound.number("redis.faults.max-concurrent", "1", "1000000"),
            Bound.number("redis.faults.breaker-volume", "1", "100000"),
            Bound.number("redis.faults.breaker-ratio", "0", "1"),
            Bound.duration("redis.faults.breaker-delay", "0ms", "1h"),
            Bound.duration("redis.faults.connect-timeout", "1ms", "1m"),
            Bound.duration("redis.faults.max-backoff", "20ms", "1h"),
            Bound.duration("redis.faults.idle-timeout", "1s", "1h"),
            Bound.size("spool.max-bytes", "1K", "1P"),
            Bound.number("spool.max-batches", "1", "1000000000"),
            Bound.duration("spool.write-timeout", "1ms", "1h"),
            Bound.duration("spool.min-backoff", "1ms", "1h"),
            Bound.duration("spool.max-backoff", "1ms", "1h"),
            Bound.duration("token.clock-skew", "0s", "10m"),
            Bound.duration("policy.check-interval", "1ms", "1h"),
            Bound.number("policy.max-decisions", "1", "10000000"),
            Bound.duration("policy.opa.timeout", "1ms", "1m"),
            Bound.duration("policy.opa.decision-ttl", "1ms", "1h"),
            Bound.number("policy.opa.max-failures", "1", "1000000"),
            Bound.duration("policy.opa.breaker-delay", "1ms", "1h"),
            Bound.duration("audit.anchor-interval", "1s", "365d"),
            Bound.duration("audit.sync-interval", "1ms", "1m"),
            Bound.size("audit.segment-size", "1K", "64G"),
            Bound.duration("audit.segment-age", "1s", "365d"),
            Bound.duration("audit.retention", "1h", "36500d"),
            Bound.duration("audit.repeat-interval", "1ms", "1h"),
            Bound.number("gate.max-requests-per-second", "0", "1000000000"),
            Bound.number("gate.max-unauthenticated-per-second", "0", "1000000000"),
            Bound.number("gate.max-connections", "1", "10000000"),
            Bound.number("gate.max-connections-per-address", "1", "1000000"),
            Bound.number("gate.max-calls-per-connection", "1", "1000000"),
            Bound.size("gate.max-inbound-bytes-per-connection", "64K", "1T"),
            Bound.size("gate.max-inbound-bytes", "64K", "1T"),
            Bound.number("gate.max-resets-per-ten-seconds", "1", "1000000"),
            Bound.size("gate.max-metadata-bytes", "1K", "16M"),
            Bound.duration("gate.max-idle", "1s", "365d"),
            Bound.duration("gate.max-age", "1s", "365d"),
            Bound.duration("gate.min-ping-interval", "0s", "1h"));

    private ConfigBounds() {}

    /** @throws StartupException with the key, its bounds and its value, if a value is outside of its bounds */
    public static void check(SmallRyeConfig config) {
        ALL.forEach(bound -> bound.check(config));
        checkTogether(config);
    }

    /** Two keys of which one would silently have no effect contradict each other. */
    private static void checkTogether(SmallRyeConfig config) {
        var opa = config.getOptionalValue("pulseplane.policy.engine", String.class)
                .filter("opa"::equalsIgnoreCase);
        var directory = config.getOptionalValue("pulseplane.policy.directory", String.class);
        if (opa.isPresent() && directory.isPresent()) {
            throw new StartupException("pulseplane.policy.directory has no effect with pulseplane.policy.engine=opa:"
                    + " set only one of them");
        }
    }
}
