package io.pulseplane.store.postgres;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * Where PostgreSQL is and how it is spoken to.
 *
 * @param hosts a server and its standbys; the one that takes changes is spoken to
 * @param poolSize connections at most; those that do not store read
 * @param writeConnections of them, how many store at a time, each for other devices
 * @param pipelining statements under way on one connection
 * @param statementTimeout how long a statement may take; the server stops it then
 * @param connectTimeout how long a connection may take to come about, and a caller waits for one that is free
 * @param certificate of the authority that the server's certificate is checked against, PEM; the system's if empty
 * @param faults what is done about questions that are not answered
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
                    "there must be a host, a connection that stores, one more that reads, and a statement at a time on each");
        }
    }

    /** On a small server two of its processes keep two cores busy; each one more takes from those who ask. */
    private static final int DEFAULT_WRITE_CONNECTIONS = 4;

    /** With what is done about faults, and how much at a time, out of the box. */
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
     * What is done about questions that are not answered. Changes are not in it: who makes one has to know what became of it.
     *
     * @param readTimeout how long a question may take, with the wait for a connection
     * @param readRetries how often a question is asked again whose connection broke
     * @param retryDelay before that, and up to as much by chance
     * @param maxConcurrent questions that may be under way or wait for a connection; more are refused
     * @param breakerVolume how many of the last questions a circuit breaker looks at
     * @param breakerRatio the share of unanswered ones among them at which it opens, so that the next fail at once
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
            var bare = name.startsWith("[") && name.endsWith("]") ? name.substring(1, name.length() - 1) : name;
            try {
                return new Host(bare, hasPort ? Integer.parseInt(text.substring(colon + 1)) : DEFAULT_PORT);
            } catch (NumberFormatException _) {
                throw new IllegalArgumentException("not a host and port: " + text);
            }
        }
    }

    /** What is asked of the connection. The names are PostgreSQL's own. */
    public enum Tls {
        DISABLE,
        PREFER,
        REQUIRE,
        VERIFY_CA,
        VERIFY_FULL
    }

    /** Out of the box, with what has no default. */
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

    /** A server that has said nothing for this long, asked something or not, is given up. */
    Duration readIdleTimeout() {
        return statementTimeout.plusSeconds(5);
    }
}
