package io.pulseplane.coherence;

import io.pulseplane.store.crypto.Keyset;
import io.vertx.core.net.NetClientOptions;
import io.vertx.redis.client.RedisClientType;
import io.vertx.redis.client.RedisOptions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * How a plane speaks to Redis.
 *
 * @param plane the plane's own name; no other plane of the site has it
 * @param keyPrefix what keys and channel begin with
 * @param valueTtls how values in Redis are kept
 * @param heartbeat how often the planes say that they are there
 * @param maxStaleness the bound of the site: what was acknowledged longer ago than this is known everywhere
 * @param minPlanes how many planes there are at least; while fewer are heard nothing that is remembered is trusted
 * @param silentPlaneTimeout how long a plane that fell silent without a word is waited for. It may be cut off from Redis and go on
 *     acknowledging, so until then what is remembered is not trusted for longer than a part of the bound.
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

    /** What there is at the other end. */
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
     * The other end, and how a connection to it is made.
     *
     * @param options type, hosts, password and TLS, as Quarkus's extension reads them from {@code quarkus.redis}; time limits
     *     and bounds are this plane's own
     */
    public record Server(RedisOptions options) {
        public Server {
            options = copy(options);
            if (options.getEndpoints().isEmpty()) {
                throw new IllegalArgumentException("hosts: there has to be one at least");
            }
        }

        /**
         * @param hosts as {@code redis://} or {@code rediss://} URLs; of Sentinels where the type says so
         * @param masterName by which the Sentinels know the master
         */
        public static Server of(Type type, List<String> hosts, String masterName) {
            return new Server(
                    new RedisOptions().setType(type.client).setEndpoints(hosts).setMasterName(masterName));
        }

        /** To be changed by whoever gets it. */
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
     * @param valueTtl how long a value stays
     * @param placeholderTtl how long a question to the store may take whose answer is to be kept in Redis
     */
    public record ValueTtls(Duration valueTtl, Duration placeholderTtl) {}

    /**
     * @param readTimeout how long a question to Redis may take before the store is asked
     * @param writeTimeout how long it may take to write to Redis, each time it is tried
     * @param writeRetries how often a write is tried again
     * @param retryDelay before a write is tried again, and up to as much by chance
     * @param maxConcurrent commands that may be under way, of reads and of writes; as many may wait. One that reads may be for
     *     {@value #MAX_KEYS_PER_READ} values.
     * @param breakerVolume how many of the last commands a circuit breaker looks at
     * @param breakerRatio the share of failures among them at which it opens
     * @param breakerDelay how long it stays open
     * @param connectTimeout how long it may take to connect
     * @param maxBackoff the longest wait before it is tried again
     * @param idleTimeout a connection nothing is heard from for so long is given up; whole seconds
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

    /** A command for more values would keep Redis, and who gets the answers, busy for longer than anybody should wait. */
    private static final int MAX_KEYS_PER_READ = 64;

    /** Within a fifth of this the planes have to say that they are there: a word may be late, and one may be missed. */
    private static final int MIN_HEARTBEATS = 5;

    public RedisSettings {
        if (plane.isEmpty() || plane.length() > 100) {
            throw new IllegalArgumentException("plane: a name of 1 to 100 characters");
        }
        if (heartbeat.toMillis() < 1 || heartbeat.multipliedBy(MIN_HEARTBEATS).compareTo(maxStaleness) > 0) {
            throw new IllegalArgumentException("heartbeat: 1 ms or more, and at most a fifth of max-staleness");
        }
    }

    /**
     * How many values one command may ask for. In a cluster it is one: keys of a command have to lie on one node, and a node that
     * is gone takes only what it has with it.
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
