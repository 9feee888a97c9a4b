package io.pulseplane.node.config;

import io.pulseplane.store.crypto.Keyset;
import io.pulseplane.store.spool.SpoolSettings;
import io.quarkus.runtime.configuration.MemorySize;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.nio.file.Path;
import java.time.Duration;

/** Where batches wait while PostgreSQL does not take them. */
@ConfigMapping(prefix = "pulseplane.spool")
public interface SpoolConfig {

    /** Whether they may; where not, batches are refused while PostgreSQL is gone. */
    @WithDefault("true")
    boolean enabled();

    /** How many bytes may wait, sealed; more are refused. */
    @WithDefault("1G")
    MemorySize maxBytes();

    /** How many batches may wait; more are refused. */
    @WithDefault("1000000")
    long maxBatches();

    /** How long PostgreSQL may take over a group of batches before they are spooled. */
    @WithDefault("5s")
    Duration patience();

    /** How long to wait before PostgreSQL is tried again: the first time, and at most; less up to half of it by chance. */
    @WithDefault("100ms")
    Duration minBackoff();

    @WithDefault("2s")
    Duration maxBackoff();

    default SpoolSettings settings(Path dataDir, Keyset keys) {
        return new SpoolSettings(
                dataDir.resolve("spool"),
                keys,
                maxBytes().asLongValue(),
                maxBatches(),
                patience(),
                minBackoff(),
                maxBackoff());
    }
}
