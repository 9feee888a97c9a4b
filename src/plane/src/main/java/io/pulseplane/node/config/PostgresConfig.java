package io.pulseplane.node.config;

import io.pulseplane.store.postgres.PostgresSettings;
import io.pulseplane.store.postgres.PostgresSettings.Host;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** Configuration of PostgreSQL, for a plane that keeps its readings there: {@code pulseplane.store=postgres}. */
@ConfigMapping(prefix = "pulseplane.postgres")
public interface PostgresConfig {

    /** A server and its standbys, as host or host:port. The plane uses the primary. */
    @WithDefault("localhost:5432")
    List<String> hosts();

    @WithDefault("pulseplane")
    String database();

    @WithDefault("pulseplane")
    String user();

    /** The password; empty if the server requires none. */
    Optional<String> password();

    /** Number of connections, for storing and reading together. */
    @WithDefault("8")
    int poolSize();

    /** Number of connections that may store at the same time, each for other devices. */
    @WithDefault("4")
    int writeConnections();

    /** Statements that may run on one connection without an answer. */
    @WithDefault("64")
    int pipelining();

    /** How long a statement may take. */
    @WithDefault("5s")
    Duration statementTimeout();

    /** How long a new connection may take, and how long a caller waits for a free one. */
    @WithDefault("2s")
    Duration connectTimeout();

    /** The mode of TLS with PostgreSQL's names: disable, prefer, require, verify-ca or verify-full. */
    @WithDefault("prefer")
    PostgresSettings.Tls tls();

    /** The certificate of the authority (PEM) that has issued the server's certificate; the system's if empty. */
    Optional<Path> certificate();

    /** Whether the plane migrates the tables at the start. If not, {@code pulseplane migrate} does. */
    @WithDefault("false")
    boolean migrateAtStart();

    FaultsConfig faults();

    /** Fault tolerance of reads. */
    interface FaultsConfig {

        /** How long a read may take, with the wait for a connection. */
        @WithDefault("2s")
        Duration readTimeout();

        /** How often the plane repeats a read whose connection broke. */
        @WithDefault("1")
        int readRetries();

        /** The wait before the plane repeats a read; a random wait of up to the same length is added. */
        @WithDefault("20ms")
        Duration retryDelay();

        /** Reads that may run or wait for a connection. */
        @WithDefault("4096")
        int maxConcurrent();

        /** How many of the last reads the circuit breaker considers. */
        @WithDefault("10")
        int breakerVolume();

        /** The share of failures among them at which the circuit breaker opens. */
        @WithDefault("0.5")
        double breakerRatio();

        /** How long the circuit breaker stays open. */
        @WithDefault("1s")
        Duration breakerDelay();
    }

    default PostgresSettings settings() {
        return new PostgresSettings(
                hosts().stream().map(Host::parse).toList(),
                database(),
                user(),
                password().orElse(""),
                poolSize(),
                writeConnections(),
                pipelining(),
                statementTimeout(),
                connectTimeout(),
                tls(),
                certificate(),
                new PostgresSettings.FaultTolerance(
                        faults().readTimeout(),
                        faults().readRetries(),
                        faults().retryDelay(),
                        faults().maxConcurrent(),
                        faults().breakerVolume(),
                        faults().breakerRatio(),
                        faults().breakerDelay()));
    }
}
