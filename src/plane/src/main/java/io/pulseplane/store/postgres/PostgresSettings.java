package io.pulseplane.store.postgres;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * Settings for PostgreSQL: where it is, and how the plane uses it.
 *
 * @param hosts a server and its standbys; the plane uses the one that takes changes
 * @param poolSize bound on the number of connections
 * @param writeConnections how many of them store groups at a time; the others serve queries
 * @param pipelining how many statements may be under way on one connection
 * @param statementTimeout how long a statement may take before the server cancels it
 * @param connectTimeout how long it may take to connect, and how long a request may wait for a free connection
 * @param certificate PEM file of the authority that the server's certificate is checked against; the system's if empty
 * @param faults fault tolerance of queries
 */
public record PostgresSettings(
        List<Host> hosts,
        String database,
        String user,
        String password,
        int poolSize,
        int writeConnections,
        int pipelining,
        Duration statementTimeout,
        Duration connectTimeout,
        Tls tls,
        Optional<Path> certificate,
        FaultTolerance faults) {

    public PostgresSettings {
        hosts = List.copyOf(hosts);
        if (hosts.isEmpty() || writeConnections < 1 || poolSize <= writeConnections || pipelining < 1) {
            throw new IllegalArgumentException(
                    "there must be at least one host, one connection that stores, one more that reads, and one"
                            + " statement at a time on each");
        }
    }

    /** On a small server two writers keep two cores busy; each further one slows queries down. */
    private static final int DEFAULT_WRITE_CONNECTIONS = 4;

    /** Settings with the default fault tolerance and number of write connections. */
    public PostgresSettings(
            List<Host> hosts,
            String database,
            String user,
            String password,
            int poolSize,
            int pipelining,
            Duration statementTimeout,
            Duration connectTimeout,
            Tls tls,
            Optional<Path> certificate) {
        this(
                hosts,
                database,
                user,
                password,
                poolSize,
                Math.clamp(poolSize - 1L, 1, DEFAULT_WRITE_CONNECTIONS),
                pipelining,
                statementTimeout,
                connectTimeout,
                tls,
                certificate,
                FaultTolerance.STANDARD);
    }

    /**
     * Fault tolerance of queries. Changes have none: their caller must learn whether the change was made.
     *
     * @param readTimeout how long a query may take, including the wait for a connection
     * @param readRetries how often a query is repeated whose connection broke
     * @param retryDelay time before a retry; up to as much is added at random
     * @param maxConcurrent how many queries may be under way or wait for a connection; more are refused
     * @param breakerVolume how many of the last queries the circuit breaker evaluates
     * @param breakerRatio share of failures among them at which the breaker opens
     * @param breakerDelay how long it stays open
     */
    public record FaultTolerance(
            Duration readTimeout,
            int readRetries,
            Duration retryDelay,
            int maxConcurrent,
            int breakerVolume,
            double breakerRatio,
            Duration breakerDelay) {

        public static final FaultTolerance STANDARD = new FaultTolerance(
                Duration.ofSeconds(2), 1, Duration.ofMillis(20), 4_096, 10, 0.5, Duration.ofSeconds(1));
    }

    /** Where a server listens. */
    public record Host(String name, int port) {

        public static final int DEFAULT_PORT = 5432;

        /** Reads {@code host} and {@code host:port}, {@code [::1]:port} for an address with colons of its own. */
        public static Host parse(String text) {
            int colon = text.lastIndexOf(':');
            boolean hasPort = colon > text.lastIndexOf(']') && colon == text.indexOf(':', text.lastIndexOf(']') + 1);
            var name = hasPort ? text.substring(0, colon) : text;
            var plainName = name.startsWith("[") && name.endsWith("]") ? name.substring(1, name.length() - 1) : name;
            try {
                return new Host(plainName, hasPort ? Integer.parseInt(text.substring(colon + 1)) : DEFAULT_PORT);
            } catch (NumberFormatException _) {
                throw new IllegalArgumentException("not a host and port: " + text);
            }
        }
    }

    /** Encryption of the connection. The names are those of PostgreSQL's {@code sslmode}. */
    public enum Tls {
        DISABLE,
        PREFER,
        REQUIRE,
        VERIFY_CA,
        VERIFY_FULL
    }

    /** Settings with defaults for everything else. */
    public static PostgresSettings of(Host host, String database, String user, String password) {
        return new PostgresSettings(
                List.of(host),
                database,
                user,
                password,
                8,
                64,
                Duration.ofSeconds(5),
                Duration.ofSeconds(2),
                Tls.PREFER,
                Optional.empty());
    }

    /** A connection is given up if nothing arrives on it for this long, whether or not a statement is under way. */
    Duration readIdleTimeout() {
        return statementTimeout.plusSeconds(5);
    }
}
