package io.pulseplane.coherence;

import io.pulseplane.store.crypto.Keyset;
import io.vertx.core.net.NetClientOptions;
import io.vertx.redis.client.RedisClientType;
import io.vertx.redis.client.RedisOptions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Settings for Redis and for the coherence of the site.
 *
 * @param plane the plane's own name; no other plane of the site has it
 * @param keyPrefix prefix of the keys and of the channel
 * @param valueTtls how long values stay in Redis
 * @param heartbeat how often planes send a sign of life
 * @param maxStaleness the bound of the site: every plane knows what was acknowledged longer ago than this
 * @param minPlanes the least number of planes; freshness is not confirmed while fewer are present
 * @param silentPlaneTimeout when a plane is forgotten that fell silent without a last message. It may be cut off from
 *     Redis and still acknowledge, so until then freshness is not confirmed.
 */
public record RedisSettings(
        String plane,
        String keyPrefix,
        Server server,
        Keyset keys,
        ValueTtls valueTtls,
        FaultTolerance faults,
        Duration heartbeat,
        Duration maxStaleness,
        int minPlanes,
        Duration silentPlaneTimeout) {

    /** The kind of Redis deployment. */
    public enum Type {
        STANDALONE(RedisClientType.STANDALONE),
        SENTINEL(RedisClientType.SENTINEL),
        CLUSTER(RedisClientType.CLUSTER);

        private final RedisClientType client;

        Type(RedisClientType client) {
            this.client = client;
        }
    }

    /**
     * Where Redis is, and how to connect to it.
     *
     * @param options type, hosts, password and TLS, as Quarkus reads them from {@code quarkus.redis}. The plane sets
     *     time limits and bounds itself.
     */
    public record Server(RedisOptions options) {
        public Server {
            options = copy(options);
            if (options.getEndpoints().isEmpty()) {
                throw new IllegalArgumentException("hosts: must have at least one entry");
            }
        }

        /**
         * @param hosts {@code redis://} or {@code rediss://} URLs; those of the Sentinels for that type
         * @param masterName name of the master in Sentinel
         */
        public static Server of(Type type, List<String> hosts, String masterName) {
            return new Server(
                    new RedisOptions().setType(type.client).setEndpoints(hosts).setMasterName(masterName));
        }

        /** A copy, which the caller may change. */
        @Override
        public RedisOptions options() {
            return copy(options);
        }

        private static RedisOptions copy(RedisOptions options) {
            return new RedisOptions(options)
                    .setEndpoints(new ArrayList<>(options.getEndpoints()))
                    .setNetClientOptions(new NetClientOptions(options.getNetClientOptions()));
        }

        @Override
        public String toString() {
            return "Server[" + options.getType() + ", " + options.getEndpoints().size() + " hosts]";
        }
    }

    /**
     * @param valueTtl how long a value stays in Redis
     * @param placeholderTtl how long a placeholder stays: the result of a slower query of the store is not cached
     */
    public record ValueTtls(Duration valueTtl, Duration placeholderTtl) {}

    /**
     * @param readTimeout how long a read may take before the plane reads the store instead
     * @param writeTimeout how long each attempt at a write may take
     * @param writeRetries how often a write is repeated
     * @param retryDelay time before a write is repeated; up to as much is added at random
     * @param maxConcurrent how many reads, and how many writes, may be under way; as many more may wait. A read is for
     *     up to {@value RedisSettings#MAX_KEYS_PER_READ} values.
     * @param breakerVolume how many of the last commands a circuit breaker evaluates
     * @param breakerRatio share of failures among them at which the breaker opens
     * @param breakerDelay how long it stays open
     * @param connectTimeout how long an attempt to connect may take
     * @param maxBackoff the longest time between attempts to connect
     * @param idleTimeout when a connection is given up on which Redis does not answer; whole seconds for the subscriber
     */
    public record FaultTolerance(
            Duration readTimeout,
            Duration writeTimeout,
            int writeRetries,
            Duration retryDelay,
            int maxConcurrent,
            int breakerVolume,
            double breakerRatio,
            Duration breakerDelay,
            Duration connectTimeout,
            Duration maxBackoff,
            Duration idleTimeout) {

        public static final FaultTolerance STANDARD = new FaultTolerance(
                Duration.ofMillis(20),
                Duration.ofMillis(200),
                1,
                Duration.ofMillis(10),
                1_024,
                20,
                0.5,
                Duration.ofSeconds(1),
                Duration.ofMillis(500),
                Duration.ofSeconds(1),
                Duration.ofSeconds(5));
    }

    /** A command for more values would keep Redis and the event loop busy for too long. */
    private static final int MAX_KEYS_PER_READ = 64;

    /** Heartbeats within the bound, at least: one may be late, and one may be lost. */
    private static final int MIN_HEARTBEATS = 5;

    public RedisSettings {
        if (plane.isEmpty() || plane.length() > 100) {
            throw new IllegalArgumentException("plane: must be a name of 1 to 100 characters");
        }
        if (heartbeat.toMillis() < 1 || heartbeat.multipliedBy(MIN_HEARTBEATS).compareTo(maxStaleness) > 0) {
            throw new IllegalArgumentException("heartbeat: must be at least 1 ms and at most a fifth of max-staleness");
        }
        if (heartbeat.multipliedBy(2).compareTo(faults.idleTimeout) > 0) {
            throw new IllegalArgumentException("faults.idle-timeout: must be at least twice the heartbeat");
        }
    }

    /**
     * How many values one command may read. In a cluster it is one, because the keys of a command must be on one node,
     * and so that the loss of a node affects only its own values.
     */
    int maxKeysPerRead() {
        return server.options.getType() == RedisClientType.CLUSTER ? 1 : MAX_KEYS_PER_READ;
    }

    public static RedisSettings of(String plane, Server server, Keyset keys) {
        return new RedisSettings(
                plane,
                "pulseplane",
                server,
                keys,
                new ValueTtls(Duration.ofSeconds(300), Duration.ofSeconds(10)),
                FaultTolerance.STANDARD,
                Duration.ofMillis(100),
                Duration.ofSeconds(1),
                1,
                Duration.ofHours(1));
    }
}
