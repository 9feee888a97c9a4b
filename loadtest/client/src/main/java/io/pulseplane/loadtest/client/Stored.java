package io.pulseplane.loadtest.client;

import io.pulseplane.store.edge.Inspection;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * What a plane has on disk of readings: the store and its keys, without the audit trail.
 *
 * @param readings in chunks
 * @param journalled entries that wait to become chunks
 */
record Stored(long bytes, long readings, long journalled, long series) {

    /** A write-ahead log is no part of it: it has a size of its own, whatever the number of readings. */
    static Stored in(Path dataDir) throws IOException {
        var found = Inspection.of(dataDir, Optional.empty());
        long bytes = Files.size(dataDir.resolve("pulseplane.db")) + Files.size(dataDir.resolve("keys.db"));
        return new Stored(bytes, found.readingsInChunks(), found.journal().entries(), found.series());
    }
}
