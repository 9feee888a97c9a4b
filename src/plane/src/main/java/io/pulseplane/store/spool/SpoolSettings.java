package io.pulseplane.store.spool;

import io.pulseplane.store.crypto.Keyset;
import java.nio.file.Path;
import java.time.Duration;

/**
 * Settings of the spool.
 *
 * @param directory where the spool is; created if it does not exist. One plane can use it at a time
 * @param keys seal the spooled batches
 * @param maxBytes bound on the size of the sealed batches; the spool refuses more
 * @param maxBatches bound on the number of batches; the spool refuses more
 * @param writeTimeout how long the store may take for a group before the group is spooled
 * @param minBackoff time before the first retry to forward; it doubles with each retry, less a random share
 * @param maxBackoff upper bound of that time
 */
public record SpoolSettings(
        Path directory,
        Keyset keys,
        long maxBytes,
        long maxBatches,
        Duration writeTimeout,
        Duration minBackoff,
        Duration maxBackoff) {

    public SpoolSettings {
        if (maxBytes < 1 || maxBatches < 1) {
            throw new IllegalArgumentException("max-bytes, max-batches: must be at least 1");
        }
        if (writeTimeout.toMillis() < 1 || minBackoff.toMillis() < 1 || maxBackoff.compareTo(minBackoff) < 0) {
            throw new IllegalArgumentException(
                    "write-timeout, backoff: must be at least 1 ms, and the longest backoff not below the shortest");
        }
    }
}
