package io.pulseplane.node.config;

import io.pulseplane.store.postgres.PostgresSettings;
import io.pulseplane.store.postgres.PostgresSettings.Host;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** Where PostgreSQL is, for a plane that keeps its readings there: {@code pulseplane.store=postgres}. */
@ConfigMapping(prefix = "pulseplane.postgres")
public interface PostgresConfig {

    /** A server and its standbys, as host or host:port; the one that takes changes is spoken to. */
    @WithDefault("localhost:5432")
    List<String> hosts();

    @WithDefault("pulseplane")
    String database();

    @WithDefault("pulseplane")
    String user();

    /** Empty where the server lets the plane in without one. */
    Optional<String> password();

    /** Connections at most. Those that do not store read. */
    @WithDefault("8")
    int poolSize();

    /** Of them, how many store at a time, each for other devices. */
    @WithDefault("4")
    int storing();

    /** Statements that may be under way on one connection. */
    @WithDefault("64")
    int pipelining();

    /** How long a statement may take. */
    @WithDefault("5s")
    Duration statementTimeout();

    /** How long a connection may take to come about, and a caller waits for one that is free. */
    @WithDefault("2s")
    Duration connectTimeout();

    /** disable, prefer, require, verify-ca or verify-full, as PostgreSQL calls them. */
    @WithDefault("prefer")
    PostgresSettings.Tls tls();

    /** The certificate of the authority that the server's is checked against, PEM. The system's if empty. */
    Optional<Path> certificate();

    /** Whether to bring the tables up to date at start. Otherwise that is done by {@code pulseplane migrate}. */
    @WithDefault("false")
    boolean migrateAtStart();

    FaultsConfig faults();

    /** What is done about questions that are not answered. */
    interface FaultsConfig {

        /** How long a question may take, with the wait for a connection. */
        @WithDefault("2s")
        Duration readTimeout();

        /** How often a question is asked again whose connection broke. */
        @WithDefault("1")
        int readRetries();

        /** Before that, and up to as much by chance. */
        @WithDefault("20ms")
        Duration retryDelay();

        /** Questions that may be under way or wait for a connection. */
        @WithDefault("4096")
        int maxConcurrent();

        /** How many of the last questions a circuit breaker looks at. */
        @WithDefault("10")
        int breakerVolume();

        /** The share of unanswered ones among them at which it opens. */
        @WithDefault("0.5")
        double breakerRatio();

        /** How long it stays open. */
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
                storing(),
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
