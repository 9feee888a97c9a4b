package io.pulseplane.store.spool;

import io.pulseplane.store.crypto.Keyset;
import java.nio.file.Path;
import java.time.Duration;

/**
 * How the spool is kept.
 *
 * @param directory made if it is not there; one plane at a time
 * @param keys what is in the spool is sealed with these
 * @param maxBytes of sealed batches; more are refused
 * @param maxBatches more are refused
 * @param writeTimeout how long the store may take over a group before it is spooled
 * @param minBackoff before the store is tried again, the first time; then twice as long each time, less by chance
 * @param maxBackoff and never longer than this
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
            throw new IllegalArgumentException("max-bytes, max-batches: there has to be room for a batch");
        }
        if (writeTimeout.toMillis() < 1 || minBackoff.toMillis() < 1 || maxBackoff.compareTo(minBackoff) < 0) {
            throw new IllegalArgumentException(
                    "patience, backoff: 1 ms or more, and the longest not below the shortest");
        }
    }
}
