package io.pulseplane.node.config;

import io.pulseplane.store.crypto.Keyset;
import io.pulseplane.store.spool.SpoolSettings;
import io.quarkus.runtime.configuration.MemorySize;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.nio.file.Path;
import java.time.Duration;

/** Configuration of the spool, where batches wait while PostgreSQL is not available. */
@ConfigMapping(prefix = "pulseplane.spool")
public interface SpoolConfig {

    /** Whether batches may wait in the spool. If not, the plane refuses batches while PostgreSQL is not available. */
    @WithDefault("true")
    boolean enabled();

    /** Bytes of encrypted batches that may wait. The plane refuses batches beyond them. */
    @WithDefault("1G")
    MemorySize maxBytes();

    /** Batches that may wait. The plane refuses batches beyond them. */
    @WithDefault("1000000")
    long maxBatches();

    /** How long PostgreSQL may take for a group of batches before the plane spools them. */
    @WithDefault("5s")
    Duration writeTimeout();

    /** The first wait before the plane tries PostgreSQL again. Each wait is shortened at random by up to a half. */
    @WithDefault("100ms")
    Duration minBackoff();

    /** The longest wait before the plane tries PostgreSQL again. */
    @WithDefault("2s")
    Duration maxBackoff();

    default SpoolSettings settings(Path dataDir, Keyset keys) {
        return new SpoolSettings(
                dataDir.resolve("spool"),
                keys,
                maxBytes().asLongValue(),
                maxBatches(),
                writeTimeout(),
                minBackoff(),
                maxBackoff());
    }
}
