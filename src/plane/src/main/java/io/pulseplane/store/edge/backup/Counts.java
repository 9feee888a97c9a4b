package io.pulseplane.store.edge.backup;

import io.pulseplane.store.crypto.KeyEncryptionKey;
import io.pulseplane.store.edge.maintenance.Inspection;
import io.pulseplane.store.edge.sqlite.SqliteSession;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** What a store has, by name, to compare a restored store with the one that was backed up. */
final class Counts {

    private static final String JOURNAL_READINGS = "journal-readings";

    private Counts() {}

    static Map<String, Long> of(SqliteSession session, Path directory, Optional<KeyEncryptionKey> nodeKey)
            throws SQLException {
        return of(Inspection.of(session, directory, nodeKey));
    }

    static Map<String, Long> of(Inspection inspection) {
        var counts = new LinkedHashMap<String, Long>();
        counts.put("patients", inspection.patients());
        counts.put("devices", inspection.devices());
        counts.put("series", inspection.series());
        counts.put("chunks", inspection.chunks());
        counts.put("chunk-readings", inspection.readingsInChunks());
        counts.put("journal-batches", inspection.journal().batches());
        inspection.journal().readings().ifPresent(readings -> counts.put(JOURNAL_READINGS, readings));
        return counts;
    }

    /** Readings in the journal of patients who were erased since cannot be opened any more; all else is equal. */
    static boolean agree(Map<String, Long> backedUp, Map<String, Long> restored) {
        return backedUp.entrySet().stream().allMatch(count -> {
            long now = restored.getOrDefault(count.getKey(), -1L);
            return now == count.getValue() || (count.getKey().equals(JOURNAL_READINGS) && now < count.getValue());
        });
    }
}
