package io.pulseplane.node.config;

import io.pulseplane.ingest.RegistrationCheck;
import io.pulseplane.vitals.BatchScreener.UnknownCodePolicy;
import io.quarkus.runtime.configuration.MemorySize;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import io.smallrye.config.WithParentName;
import java.nio.file.Path;
import java.time.Duration;

/** Everything a plane can be told. Sizes take K, M and G; durations are written as 100ms, 5s, 2m. */
@ConfigMapping(prefix = "pulseplane")
public interface PlaneConfig {

    /** Where everything is kept; made if it is not there. One plane at a time. */
    @WithDefault("data")
    Path dataDir();

    /** How long a stopping plane waits for what it has taken to become durable. */
    @WithDefault("10s")
    Duration drainTimeout();

    StoreConfig store();

    IngestConfig ingest();

    QueryConfig query();

    LiveConfig live();

    /** Where readings are kept. */
    enum StoreKind {
        /** In SQLite, in the data directory. */
        EDGE,
        /** In PostgreSQL, which {@link PostgresConfig} says more of. */
        POSTGRES
    }

    interface StoreConfig {

        /** {@code pulseplane.store} itself: edge or postgres. */
        @WithParentName
        @WithDefault("edge")
        StoreKind kind();

        /** Threads that read from the edge store; one more writes. */
        @WithDefault("2")
        int readerThreads();
    }

    interface IngestConfig {

        /** Bound on batches that are not durable yet, over all streams, in bytes of memory. */
        @WithDefault("256M")
        MemorySize maxPendingBytes();

        /** The same for one stream. */
        @WithDefault("8M")
        MemorySize maxStreamBytes();

        /** How many readings one batch may hold. */
        @WithDefault("100000")
        int maxBatchReadings();

        /** How far ahead of the plane's clock a reading's time may be. */
        @WithDefault("5s")
        Duration aheadAllowance();

        /** What to do with codes that the catalogue does not have: refuse or keep. */
        @WithDefault("refuse")
        UnknownCodePolicy unknownCodes();

        /** What to do with batches of patients and devices nobody registered: accept or refuse. */
        @WithDefault("accept")
        RegistrationCheck.UnregisteredPolicy unregistered();
    }

    interface QueryConfig {

        /** How long a unary query may take; the client's own deadline holds if it is sooner. */
        @WithDefault("100ms")
        Duration unaryDeadline();
    }

    interface LiveConfig {

        /** What the latest readings of patients and devices may take in memory; who is asked for least is forgotten first. */
        @WithDefault("128M")
        MemorySize latestMemory();

        /** Readings that may wait for one watcher before it is cut off. */
        @WithDefault("100000")
        int maxWatchReadings();
    }
}
