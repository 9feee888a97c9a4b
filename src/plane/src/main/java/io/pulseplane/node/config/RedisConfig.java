package io.pulseplane.node.config;

import io.pulseplane.coherence.RedisSettings;
import io.pulseplane.store.crypto.Keyset;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * Configuration of Redis between the planes of a site. The plane uses Redis only if {@code pulseplane.redis.hosts} is
 * set. {@code application.properties} passes hosts, type, master name and password on to Quarkus's extension, whose
 * other keys, such as {@code quarkus.redis.tls}, may be set as well.
 */
@ConfigMapping(prefix = "pulseplane.redis")
public interface RedisConfig {

    /** The redis:// or rediss:// URLs of the server, of the Sentinels, or of nodes of the cluster. */
    Optional<List<String>> hosts();

    /** How Redis is deployed: standalone, sentinel or cluster. */
    @WithDefault("standalone")
    RedisSettings.Type type();

    /** The Sentinels' name of the master. */
    @WithDefault("mymaster")
    String masterName();

    Optional<String> password();

    /** The prefix of keys and of the channel. */
    @WithDefault("pulseplane")
    String prefix();

    /** How long a value stays in Redis. */
    @WithDefault("300s")
    Duration ttl();

    /** How long a read of the store may take if its result is to be kept in Redis. */
    @WithDefault("10s")
    Duration readTtl();

    /** The interval of the planes' heartbeats; at most a fifth of pulseplane.site.max-staleness. */
    @WithDefault("100ms")
    Duration heartbeat();

    /** The least number of planes in the site. While this plane hears fewer, it does not trust its caches for long. */
    @WithDefault("1")
    int minPlanes();

    /** How long the other planes wait for a plane that fell silent without a farewell. */
    @WithDefault("1h")
    Duration silentPlaneTimeout();

    FaultsConfig faults();

    interface FaultsConfig {

        /** How long a read of Redis may take before the plane reads the store instead. */
        @WithDefault("20ms")
        Duration readTimeout();

        /** How long each attempt to write to Redis may take. */
        @WithDefault("200ms")
        Duration writeTimeout();

        /** How often the plane repeats a failed write. */
        @WithDefault("1")
        int writeRetries();

        /** The wait before the plane repeats a write; a random wait of up to the same length is added. */
        @WithDefault("10ms")
        Duration retryDelay();

        /** Reads that may run at the same time, and likewise writes. The same number may wait. */
        @WithDefault("1024")
        int maxConcurrent();

        /** How many of the last commands a circuit breaker considers. */
        @WithDefault("20")
        int breakerVolume();

        /** The share of failures among them at which a circuit breaker opens. */
        @WithDefault("0.5")
        double breakerRatio();

        /** How long a circuit breaker stays open. */
        @WithDefault("1s")
        Duration breakerDelay();

        /** How long a new connection may take. */
        @WithDefault("500ms")
        Duration connectTimeout();

        /** The longest wait before the plane tries again to connect. */
        @WithDefault("1s")
        Duration maxBackoff();

        /** The plane closes a connection on which nothing arrives for this long; whole seconds. */
        @WithDefault("5s")
        Duration idleTimeout();
    }

    /**
     * @param plane the plane's own name
     * @param server hosts, type, master name and password, from Quarkus's extension
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
                minPlanes(),
                silentPlaneTimeout());
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
