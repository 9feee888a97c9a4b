package io.pulseplane.node.config;

import io.pulseplane.coherence.RedisSettings;
import io.pulseplane.store.crypto.Keyset;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * Redis between the planes of a site. There is none unless {@code pulseplane.redis.hosts} says where. Where and what it is,
 * {@code application.properties} hands on to Quarkus's extension; its other keys, {@code quarkus.redis.tls} and the like, hold too.
 */
@ConfigMapping(prefix = "pulseplane.redis")
public interface RedisConfig {

    /** As redis:// or rediss:// URLs: of the server, of the Sentinels, or of nodes of the cluster. */
    Optional<List<String>> hosts();

    /** standalone, sentinel or cluster. */
    @WithDefault("standalone")
    RedisSettings.Type type();

    /** By which the Sentinels know the master. */
    @WithDefault("mymaster")
    String masterName();

    Optional<String> password();

    /** What keys and channel begin with. */
    @WithDefault("pulseplane")
    String prefix();

    /** How long a value stays. */
    @WithDefault("300s")
    Duration ttl();

    /** How long a question to the store may take whose answer is to be kept in Redis. */
    @WithDefault("10s")
    Duration readTtl();

    /** How often the planes say that they are there; at most a fifth of pulseplane.site.max-staleness. */
    @WithDefault("100ms")
    Duration heartbeat();

    /** How many planes there are at least; while fewer are heard, nothing that is remembered is trusted for long. */
    @WithDefault("1")
    int planes();

    /** How long a plane that fell silent without a word is waited for. */
    @WithDefault("1h")
    Duration forgetAfter();

    FaultsConfig faults();

    interface FaultsConfig {

        /** How long a question to Redis may take before the store is asked. */
        @WithDefault("20ms")
        Duration readTimeout();

        /** How long it may take to write to Redis, each time it is tried. */
        @WithDefault("200ms")
        Duration writeTimeout();

        /** How often a write is tried again. */
        @WithDefault("1")
        int writeRetries();

        /** Before a write is tried again, and up to as much by chance. */
        @WithDefault("10ms")
        Duration retryDelay();

        /** Commands that may be under way, of reads and of writes; as many may wait. */
        @WithDefault("1024")
        int maxConcurrent();

        /** How many of the last commands a circuit breaker looks at. */
        @WithDefault("20")
        int breakerVolume();

        /** The share of failures among them at which it opens. */
        @WithDefault("0.5")
        double breakerRatio();

        /** How long it stays open. */
        @WithDefault("1s")
        Duration breakerDelay();

        /** How long it may take to connect. */
        @WithDefault("500ms")
        Duration connectTimeout();

        /** The longest wait before it is tried again to connect. */
        @WithDefault("1s")
        Duration maxBackoff();

        /** A connection nothing is heard from for so long is given up; whole seconds. */
        @WithDefault("5s")
        Duration idleTimeout();
    }

    /**
     * @param plane the plane's own name
     * @param server as Quarkus's extension was told of it: hosts, type, master name and password go there
     */
    default RedisSettings settings(String plane, RedisSettings.Server server, Keyset keys, Duration maxStaleness) {
        return new RedisSettings(
                plane,
                prefix(),
                server,
                keys,
                new RedisSettings.ValueTtls(ttl(), readTtl()),
                faultSettings(),
                heartbeat(),
                maxStaleness,
                planes(),
                forgetAfter());
    }

    private RedisSettings.FaultTolerance faultSettings() {
        var faults = faults();
        return new RedisSettings.FaultTolerance(
                faults.readTimeout(),
                faults.writeTimeout(),
                faults.writeRetries(),
                faults.retryDelay(),
                faults.maxConcurrent(),
                faults.breakerVolume(),
                faults.breakerRatio(),
                faults.breakerDelay(),
                faults.connectTimeout(),
                faults.maxBackoff(),
                faults.idleTimeout());
    }
}
