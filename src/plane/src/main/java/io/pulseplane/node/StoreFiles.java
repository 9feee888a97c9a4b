package io.pulseplane.node;

import io.pulseplane.files.PrivateFiles;
import io.pulseplane.files.PrivateFiles.Access;
import io.pulseplane.store.crypto.KeyEncryptionKey;
import io.pulseplane.store.edge.EdgeSettings;
import io.pulseplane.store.edge.EdgeStore;
import io.pulseplane.store.edge.maintenance.Inspection;
import io.pulseplane.store.edge.maintenance.Verification;
import io.pulseplane.store.edge.salvage.Salvage;
import io.pulseplane.vitals.EpochMicros;
import io.pulseplane.vitals.PlaneException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/** Inspects, verifies and compacts the files of an edge store, and describes the result for a person. */
public final class StoreFiles {

    private static final int READER_THREADS = 1;

    private StoreFiles() {}

    /** Where the node key comes from: a file, a command, or by default node.key in the data directory. */
    public record KeySource(Optional<Path> file, List<String> command) {

        public KeySource {
            command = List.copyOf(command);
        }

        /** @param directory the data directory */
        public KeyEncryptionKey read(Path directory) {
            return command.isEmpty()
                    ? KeyEncryptionKey.read(file.orElse(defaultFile(directory)))
                    : KeyEncryptionKey.fromCommand(command);
        }

        private Optional<KeyEncryptionKey> readIfPresent(Path directory) {
            boolean isConfigured = file.isPresent() || !command.isEmpty();
            return isConfigured || Files.exists(defaultFile(directory))
                    ? Optional.of(read(directory))
                    : Optional.empty();
        }

        private void copyDefaultFile(Path from, Path to) {
            if (file.isEmpty() && command.isEmpty()) {
                try {
                    var bytes = Files.readAllBytes(defaultFile(from));
                    try (var channel = PrivateFiles.open(
                            defaultFile(to), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
                        channel.write(ByteBuffer.wrap(bytes));
                        channel.force(true);
                    }
                    PrivateFiles.syncDirectory(to);
                } catch (IOException e) {
                    throw new PlaneException.Unavailable("node.key cannot be copied", e);
                }
            }
        }

        private static Path defaultFile(Path directory) {
            return directory.resolve("node.key");
        }
    }

    /**
     * One figure of a store.
     *
     * @param field the name in JSON
     * @param label the name for a person
     * @param value a number, or null if it is unknown or there is none
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
     * What the store contains. The plane may be running or not.
     *
     * @throws PlaneException if there is no store, or it cannot be read
     */
    public static List<Figure> inspect(Path directory, KeySource keys) {
        var inspection = Inspection.of(directory, keys.readIfPresent(directory));
        var journal = inspection.journal();
        return List.of(
                Figure.of("bytes", "bytes on disk", inspection.bytes()),
                Figure.of("patients", "patients", inspection.patients()),
                Figure.of("devices", "devices", inspection.devices()),
                Figure.of("series", "series", inspection.series()),
                Figure.of("readings", "readings", inspection.readings()),
                Figure.of(
                        "bytesPerReading",
                        "bytes per reading",
                        inspection.readings() == 0 ? null : (double) inspection.bytes() / inspection.readings()),
                Figure.of("chunks", "chunks", inspection.chunks()),
                Figure.of("readingsInChunks", "readings in chunks", inspection.readingsInChunks()),
                Figure.of("journalEntries", "journal: entries", journal.entries()),
                Figure.of("journalBytes", "journal: bytes", journal.bytes()),
                Figure.of("journalBatches", "journal: batches", journal.batches()),
                Figure.of("journalReadings", "journal: readings", Figure.orNull(journal.readings())),
                Figure.time("oldestUs", "oldest in chunks", inspection.oldest()),
                Figure.time("newestUs", "newest in chunks", inspection.newest()),
                Figure.of("damagedChunks", "damaged chunks put aside", inspection.damagedChunks()),
                Figure.of("erasedNotSwept", "erased patients to be swept", inspection.erasedNotCollected()));
    }

    /** The result of a verification, in lines for a person. */
    public record Report(boolean intact, List<String> lines) {}

    /**
     * Decrypts and checks everything in the store. The plane may be running or not.
     *
     * @throws PlaneException if there is no store, or its keys cannot be unwrapped
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
     * Declares that the files in a directory belong together as they are, for instance after one was put back from a
     * backup. The plane must not be running.
     *
     * @param audit the directory of the audit trail
     * @throws PlaneException if a plane is running, or keys are missing
     */
    public static List<String> adopt(Path directory, KeySource keys, Path audit) {
        var settings = EdgeSettings.of(READER_THREADS).withAccess(Access.GROUP);
        var key = keys.readIfPresent(directory);
        var id = EdgeStore.adopt(directory, key.map(settings::withNodeKey).orElse(settings), audit);
        return List.of("the files are accepted as store " + id, "`pulseplane store verify` says what is missing");
    }

    /**
     * Makes a new store of what is whole in a damaged one, and describes what that is. The plane must not be running.
     *
     * @param to a directory that is new or empty
     * @throws PlaneException if there is no store, or nothing of it can be read
     */
    public static Report salvage(Path from, Path to, KeySource keys) {
        var report = Salvage.salvage(from, to, keys.read(from));
        keys.copyDefaultFile(from, to);
        var lines = new ArrayList<String>();
        report.losses().forEach(loss -> lines.add("lost: " + loss));
        lines.add("salvaged: " + report.readings() + " readings in " + report.chunks() + " chunks, " + report.batches()
                + " batches in the journal, " + report.patients() + " patients, " + report.devices() + " devices, "
                + report.series() + " series");
        return new Report(report.losses().isEmpty(), lines);
    }

    /**
     * Does all maintenance of the store, and describes what was done. The plane must not be running.
     *
     * @throws PlaneException if a plane is running, or the maintenance fails
     */
    public static List<String> compact(Path directory, KeySource keys) {
        var key = keys.read(directory);
        var before = Inspection.of(directory, Optional.of(key));
        // The plane refuses what its configuration does not allow; this command does not know that configuration.
        var store = EdgeStore.open(
                directory, EdgeSettings.of(READER_THREADS).withNodeKey(key).withAccess(Access.GROUP), EpochMicros::now);
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
