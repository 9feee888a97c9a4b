package io.pulseplane.node.config;

import io.pulseplane.assignment.PatientPolicy;
import io.pulseplane.files.PrivateFiles.Access;
import io.pulseplane.ingest.RegistrationCheck;
import io.pulseplane.vitals.BatchScreener.ImplausiblePolicy;
import io.pulseplane.vitals.BatchScreener.UnknownCodePolicy;
import io.quarkus.runtime.configuration.MemorySize;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import io.smallrye.config.WithParentName;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/** Configuration of the plane itself. Sizes may have the units K, M and G; durations are written as 100ms, 5s, 2m. */
@ConfigMapping(prefix = "pulseplane")
public interface PlaneConfig {

    /** The data directory. The plane creates it if it does not exist, and locks it. */
    @WithDefault("data")
    Path dataDir();

    /** Who besides the plane's user may read the data directory and the audit trail in it: nobody, or the group. */
    @WithDefault("owner")
    Access dataDirAccess();

    /** How long a stopping plane waits for the batches that it has received to become durable. */
    @WithDefault("10s")
    Duration drainTimeout();

    StoreConfig store();

    IngestConfig ingest();

    QueryConfig query();

    LiveConfig live();

    ClockConfig clock();

    CatalogueConfig catalogue();

    /** Where the plane keeps readings. */
    enum StoreKind {
        /** In SQLite, in the data directory. */
        EDGE,
        /** In PostgreSQL; see {@link PostgresConfig}. */
        POSTGRES
    }

    interface StoreConfig {

        /** The property {@code pulseplane.store} itself: edge or postgres. */
        @WithParentName
        @WithDefault("edge")
        StoreKind kind();

        /** Threads that read from the edge store. One more thread writes. */
        @WithDefault("2")
        int readerThreads();
    }

    interface IngestConfig {

        /** Bytes of memory for batches that are not durable yet, over all streams; see {@link HeapShare} if empty. */
        Optional<MemorySize> maxPendingBytes();

        /** Bytes of memory for batches of one stream that are not durable yet. */
        @WithDefault("8M")
        MemorySize maxStreamBytes();

        /** Number of readings that one batch may have. */
        @WithDefault("100000")
        int maxBatchReadings();

        /** How far the time of a reading may be ahead of the plane's clock. */
        @WithDefault("${pulseplane.clock.allowance:5s}")
        Duration aheadAllowance();

        /** The earliest time that a reading may have. */
        @WithDefault("2000-01-01T00:00:00Z")
        Instant earliestTime();

        /** What the plane does with codes that the catalogue does not have: refuse or keep. */
        @WithDefault("refuse")
        UnknownCodePolicy unknownCodes();

        /** What the plane does with values that are possible, but not plausible: refuse, or mark in answers. */
        @WithDefault("refuse")
        ImplausiblePolicy implausible();

        /** What the plane does with batches of unregistered patients and devices: accept or refuse. */
        @WithDefault("accept")
        RegistrationCheck.UnregisteredPolicy unregistered();

        /** For which patients a device may write: provisional, any, assigned or claimed. */
        @WithDefault("provisional")
        PatientPolicy patients();
    }

    /** The catalogue that a plane starts from. */
    enum CatalogueProfile {
        STANDARD,
        NEONATAL,
        /** Nothing but what the file has. */
        NONE
    }

    interface CatalogueConfig {

        /** The catalogue that comes with the plane, and that the file changes: standard, neonatal or none. */
        @WithDefault("standard")
        CatalogueProfile profile();

        /** A file that adds codes, and changes ranges. The plane reads it once, at the start. */
        Optional<Path> file();
    }

    interface QueryConfig {

        /** How long a query with a single answer may take, if the call has no deadline of its own. */
        @WithDefault("100ms")
        Duration unaryDeadline();

        /** How long such a query may take at most, whatever deadline the call has. */
        @WithDefault("30s")
        Duration maxDeadline();

        /** Memory for answers under way, over all callers; an eighth of the heap if empty. */
        Optional<MemorySize> answerMemory();
    }

    interface ClockConfig {

        /**
         * How far the clocks of devices, callers and token issuers may differ from the plane's, where nothing else is
         * said.
         */
        @WithDefault("5s")
        Duration allowance();

        /**
         * A leap of the clock beyond this is in doubt: until an operator confirms it, nothing is deleted for its age.
         */
        @WithDefault("1d")
        Duration maxLeap();

        /**
         * How long after its start the plane waits for a time server, before it rejects readings that seem to come from
         * the future. Until then it answers that the device should send the batch again later.
         */
        @WithDefault("10m")
        Duration syncWait();
    }

    interface LiveConfig {

        /**
         * Whether the plane keeps an index of the latest readings of patients and devices in memory. Without it, every
         * query for them reads the store.
         */
        @WithDefault("true")
        boolean latestIndex();

        /**
         * Memory for the latest readings of patients and devices; see {@link HeapShare} if empty. The cache evicts
         * those that are queried least.
         */
        Optional<MemorySize> latestMemory();

        /** The bytes that the index may take; 0 if it is off. */
        default long latestBytes() {
            return latestIndex() ? HeapShare.LATEST.or(latestMemory()) : 0;
        }

        /** Readings that may wait for one watcher. The plane ends the call of a watcher that is further behind. */
        @WithDefault("100000")
        int maxWatchReadings();
    }
}
