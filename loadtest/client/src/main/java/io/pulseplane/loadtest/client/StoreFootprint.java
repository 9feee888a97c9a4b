package io.pulseplane.loadtest.client;

import io.pulseplane.store.edge.maintenance.Inspection;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * What a plane has on disk of readings: the store and its keys, without the audit trail.
 *
 * @param readings in chunks
 * @param journalEntries entries that wait to become chunks
 */
record StoreFootprint(long bytes, long readings, long journalEntries, long series) {

    /** A write-ahead log is no part of it: it has a size of its own, whatever the number of readings. */
    static StoreFootprint of(Path dataDir) throws IOException {
        var found = Inspection.of(dataDir, Optional.empty());
        long bytes = Files.size(dataDir.resolve("pulseplane.db")) + Files.size(dataDir.resolve("keys.db"));
        return new StoreFootprint(
                bytes, found.readingsInChunks(), found.journal().entries(), found.series());
    }
}
