package io.pulseplane.store.edge.maintenance;

import io.pulseplane.store.crypto.KeyEncryptionKey;
import io.pulseplane.store.edge.journal.Journal;
import io.pulseplane.store.edge.keys.KeyVault;
import io.pulseplane.store.edge.sqlite.Database;
import io.pulseplane.store.edge.sqlite.SqliteErrors;
import io.pulseplane.store.edge.sqlite.SqliteSession;
import io.pulseplane.vitals.PlaneException;
import io.pulseplane.vitals.chunk.ByteReader;
import io.pulseplane.vitals.chunk.CorruptDataException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Figures of what the files of an edge store hold at one moment. A plane may have them open meanwhile.
 *
 * @param bytes the size of the database and its write-ahead log
 * @param damagedChunks chunks in quarantine
 * @param erasedNotCollected erased patients whose chunks, which nobody can open, are not deleted yet
 * @param oldest the earliest time of a reading in a chunk; empty if there is none
 * @param newest the latest time of a reading in a chunk; empty if there is none
 */
public record Inspection(
        long bytes,
        long patients,
        long devices,
        long series,
        long chunks,
        long readingsInChunks,
        JournalDepth journal,
        long damagedChunks,
        long erasedNotCollected,
        OptionalLong oldest,
        OptionalLong newest) {

    /**
     * Figures of the journal.
     *
     * @param readings empty if no node key was given, because the readings are sealed
     */
    public record JournalDepth(long entries, long bytes, long batches, OptionalLong readings) {}

    /**
     * Inspects the store in a directory. Blocks.
     *
     * @param nodeKey if empty, the readings in the journal are not counted
     * @throws PlaneException.NotFound if there is no store
     * @throws PlaneException.FailedPrecondition if the node key is another than that of the store
     */
    public static Inspection of(Path directory, Optional<KeyEncryptionKey> nodeKey) {
        try (var session = new Database(databaseIn(directory)).openForReading()) {
            session.execute("BEGIN");
            return of(session, directory, nodeKey);
        } catch (SQLException e) {
            throw SqliteErrors.toPlaneException(e);
        }
    }

    /** As {@link #of(Path, Optional)}, in the transaction of a session. */
    public static Inspection of(SqliteSession session, Path directory, Optional<KeyEncryptionKey> nodeKey)
            throws SQLException {
        return of(session, new Database(databaseIn(directory)).bytes(), journalDepth(session, directory, nodeKey));
    }

    /** @throws PlaneException.NotFound if there is no store in the directory */
    public static Path databaseIn(Path directory) {
        var file = directory.resolve("pulseplane.db");
        if (!Files.isRegularFile(file)) {
            throw new PlaneException.NotFound("there is no edge store in this directory");
        }
        return file;
    }

    private static Inspection of(SqliteSession session, long bytes, JournalDepth journal) throws SQLException {
        return new Inspection(
                bytes,
                count(session, "patient", "sum(id_tag IS NOT NULL)").orElse(0),
                count(session, "device", "count(*)").orElse(0),
                count(session, "series", "count(*)").orElse(0),
                count(session, "chunk", "count(*)").orElse(0),
                count(session, "chunk", "sum(count)").orElse(0),
                journal,
                count(session, "quarantined_chunk", "count(*)").orElse(0),
                count(session, "erased", "sum(collected = 0)").orElse(0),
                count(session, "chunk", "min(first_us)"),
                count(session, "chunk", "max(last_us)"));
    }

    /**
     * Empty if the result is NULL, or if there is no table: a plane that died at its first start leaves an empty
     * database.
     */
    private static OptionalLong count(SqliteSession session, String table, String expression) throws SQLException {
        if (!hasTable(session, table)) {
            return OptionalLong.empty();
        }
        try (var row =
                session.prepare("SELECT " + expression + " FROM " + table).executeQuery()) {
            long number = row.next() ? row.getLong(1) : 0;
            return row.wasNull() ? OptionalLong.empty() : OptionalLong.of(number);
        }
    }

    private static boolean hasTable(SqliteSession session, String table) throws SQLException {
        var select = session.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?");
        select.setString(1, table);
        try (var row = select.executeQuery()) {
            return row.next();
        }
    }

    private static JournalDepth journalDepth(SqliteSession session, Path directory, Optional<KeyEncryptionKey> nodeKey)
            throws SQLException {
        if (!hasTable(session, "journal")) {
            return new JournalDepth(0, 0, 0, OptionalLong.of(0));
        }
        long entries = 0;
        long bytes = 0;
        long batches = 0;
        try (var rows = session.prepare("SELECT payload FROM journal").executeQuery()) {
            while (rows.next()) {
                var payload = SqliteSession.bytesOrEmpty(rows, 1);
                entries++;
                bytes += payload.length;
                batches += countBatches(payload);
            }
        }
        var readings = nodeKey.isEmpty()
                ? OptionalLong.empty()
                : OptionalLong.of(readingsInJournal(session, directory, nodeKey.get()));
        return new JournalDepth(entries, bytes, batches, readings);
    }

    /** Counts the batches of an entry, which needs no key. In a damaged entry, counts those before the damage. */
    private static int countBatches(byte[] payload) {
        var in = new ByteReader(payload);
        int batches = 0;
        try {
            while (in.remaining() > 0) {
                in.readVarint();
                in.skip(in.readLength());
                batches++;
            }
        } catch (CorruptDataException _) {
            // Where the next batch begins is unknown.
        }
        return batches;
    }

    private static long readingsInJournal(SqliteSession session, Path directory, KeyEncryptionKey nodeKey)
            throws SQLException {
        try (var vault = KeyVault.openForReading(new Database(directory.resolve("keys.db")), nodeKey)) {
            var readings = new long[1];
            new Journal(vault)
                    .visit(
                            session,
                            0,
                            (_, _, batches) -> {
                                for (var batch : batches) {
                                    for (var chunk : batch.chunks()) {
                                        readings[0] += chunk.count();
                                    }
                                }
                                return true;
                            },
                            _ -> {});
            return readings[0];
        }
    }

    /** All readings; those in the journal only if they could be counted. */
    public long readings() {
        return readingsInChunks + journal.readings.orElse(0);
    }
}
