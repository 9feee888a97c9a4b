package io.pulseplane.loadtest.client;

import io.pulseplane.store.edge.maintenance.Inspection;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The size of a plane's store on disk with its keys, without the audit trail.
 *
 * @param readings number of readings in chunks
 * @param journalEntries number of entries in the journal
 */
record StoreFootprint(long bytes, long readings, long journalEntries, long series) {

    /** Leaves out the write-ahead log of SQLite, whose size does not depend on the number of readings. */
    static StoreFootprint of(Path dataDir) throws IOException {
        var inspection = Inspection.of(dataDir, Optional.empty());
        long bytes = Files.size(dataDir.resolve("pulseplane.db")) + Files.size(dataDir.resolve("keys.db"));
        return new StoreFootprint(
                bytes, inspection.readingsInChunks(), inspection.journal().entries(), inspection.series());
    }
}
