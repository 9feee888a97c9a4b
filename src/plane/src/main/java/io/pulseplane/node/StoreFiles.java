package io.pulseplane.node;

import io.pulseplane.store.crypto.KeyEncryptionKey;
import io.pulseplane.store.edge.EdgeSettings;
import io.pulseplane.store.edge.EdgeStore;
import io.pulseplane.store.edge.maintenance.Inspection;
import io.pulseplane.store.edge.maintenance.Verification;
import io.pulseplane.vitals.EpochMicros;
import io.pulseplane.vitals.PlaneException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/** The files of an edge store, for a person who wants to know how they are. */
public final class StoreFiles {

    private static final int READER_THREADS = 1;

    private StoreFiles() {}

    /** Where the key of the node comes from; a file in the data directory unless something is said. */
    public record KeySource(Optional<Path> file, List<String> command) {

        public KeySource {
            command = List.copyOf(command);
        }

        private KeyEncryptionKey read(Path directory) {
            return command.isEmpty()
                    ? KeyEncryptionKey.read(file.orElse(defaultFile(directory)))
                    : KeyEncryptionKey.fromCommand(command);
        }

        private Optional<KeyEncryptionKey> readIfPresent(Path directory) {
            boolean isSaid = file.isPresent() || !command.isEmpty();
            return isSaid || Files.exists(defaultFile(directory)) ? Optional.of(read(directory)) : Optional.empty();
        }

        private static Path defaultFile(Path directory) {
            return directory.resolve("node.key");
        }
    }

    /**
     * One thing that is known of a store.
     *
     * @param field its name for programs
     * @param label its name for persons
     * @param value a number, or null where it is not known or there is none
     * @param isTime whether the number is a time, in microseconds since the epoch
     */
    public record Figure(String field, String label, Number value, boolean isTime) {

        private static Figure of(String field, String label, Number value) {
            return new Figure(field, label, value, false);
        }

        private static Figure time(String field, String label, OptionalLong value) {
            return new Figure(field, label, orNull(value), true);
        }

        private static Long orNull(OptionalLong value) {
            return value.isPresent() ? (Long) value.getAsLong() : null;
        }
    }

    /**
     * What the store holds. A plane may run meanwhile, or not.
     *
     * @throws PlaneException if there is no store, or it cannot be read
     */
    public static List<Figure> inspect(Path directory, KeySource keys) {
        var found = Inspection.of(directory, keys.readIfPresent(directory));
        var journal = found.journal();
        return List.of(
                Figure.of("bytes", "bytes on disk", found.bytes()),
                Figure.of("patients", "patients", found.patients()),
                Figure.of("devices", "devices", found.devices()),
                Figure.of("series", "series", found.series()),
                Figure.of("readings", "readings", found.readings()),
                Figure.of(
                        "bytesPerReading",
                        "bytes per reading",
                        found.readings() == 0 ? null : (double) found.bytes() / found.readings()),
                Figure.of("chunks", "chunks", found.chunks()),
                Figure.of("readingsInChunks", "readings in chunks", found.readingsInChunks()),
                Figure.of("journalEntries", "journal: entries", journal.entries()),
                Figure.of("journalBytes", "journal: bytes", journal.bytes()),
                Figure.of("journalBatches", "journal: batches", journal.batches()),
                Figure.of("journalReadings", "journal: readings", Figure.orNull(journal.readings())),
                Figure.time("oldestUs", "oldest in chunks", found.oldest()),
                Figure.time("newestUs", "newest in chunks", found.newest()),
                Figure.of("damagedChunks", "damaged chunks put aside", found.damagedChunks()),
                Figure.of("erasedNotSwept", "erased patients to be swept", found.erasedNotCollected()));
    }

    /** What came of looking at everything. */
    public record Report(boolean intact, List<String> lines) {}

    /**
     * Opens everything the store has. A plane may run meanwhile, or not.
     *
     * @throws PlaneException if there is no store, or its keys cannot be opened
     */
    public static Report verify(Path directory, KeySource keys) {
        var report = Verification.verify(directory, keys.read(directory));
        if (!report.isIntact()) {
            return new Report(false, report.findings());
        }
        return new Report(
                true,
                List.of("intact: " + report.readings() + " readings in " + report.chunks() + " chunks, "
                        + report.batches() + " batches in the journal, " + report.receipts() + " receipts, "
                        + report.patients() + " patients"));
    }

    /**
     * Does everything there is to do behind the scenes, and says what it was. No plane may run.
     *
     * @throws PlaneException if one does, or something cannot be done
     */
    public static List<String> compact(Path directory, KeySource keys) {
        var key = keys.read(directory);
        var before = Inspection.of(directory, Optional.of(key));
        var store = EdgeStore.open(directory, EdgeSettings.of(READER_THREADS).withNodeKey(key), EpochMicros::now);
        try {
            store.compact().await().indefinitely();
        } finally {
            store.close();
        }
        var after = Inspection.of(directory, Optional.of(key));
        var lines = new ArrayList<String>();
        lines.add(
                "batches moved from the journal to chunks: " + before.journal().batches());
        lines.add("erased patients swept out: " + (before.erasedNotCollected() - after.erasedNotCollected()));
        lines.add("chunks: " + before.chunks() + ", now " + after.chunks());
        lines.add("bytes: " + before.bytes() + ", now " + after.bytes());
        return lines;
    }
}
