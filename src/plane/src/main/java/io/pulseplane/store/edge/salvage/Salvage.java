package io.pulseplane.store.edge.salvage;

import io.pulseplane.files.PrivateFiles;
import io.pulseplane.store.crypto.KeyEncryptionKey;
import io.pulseplane.store.edge.journal.Journal;
import io.pulseplane.store.edge.keys.KeyVault;
import io.pulseplane.store.edge.keys.StoreIdentity;
import io.pulseplane.store.edge.salvage.Cells.Row;
import io.pulseplane.store.edge.sqlite.Database;
import io.pulseplane.store.edge.sqlite.SqliteErrors;
import io.pulseplane.store.edge.sqlite.SqliteSession;
import io.pulseplane.store.edge.tables.ChunkTable;
import io.pulseplane.store.edge.tables.ChunkTable.Header;
import io.pulseplane.store.edge.tables.LostBatchTable;
import io.pulseplane.store.edge.tables.Schema;
import io.pulseplane.vitals.PlaneException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Makes a new store of everything that is whole in a damaged one. Rows keep their numbers, and stay sealed under the
 * same keys, so nothing is sealed anew. Where readings are lost and the index still says of which series and time, the
 * new store answers DATA_LOSS, like the old one.
 */
public final class Salvage {

    private static final RowCopier CHUNK = new RowCopier("chunk", "iiiiib", true);
    private static final RowCopier QUARANTINED = new RowCopier("quarantined_chunk", "iiiiib", true);
    private static final RowCopier JOURNAL = new RowCopier("journal", "ib", true);
    private static final RowCopier LOST_BATCH = new RowCopier("lost_batch", "iiIii", false);
    private static final RowCopier RECEIPT = new RowCopier("receipt", "iiib", false);

    private final DamagedDatabase source;
    private final SqliteSession target;
    private final KeyVault vault;
    private final RegistrySalvage registry;
    private final List<String> losses;

    private final Set<Long> chunkNumbers = new HashSet<>();

    /** The first and last times of the chunks that were copied, by series. */
    private final Map<Long, TreeMap<Long, Long>> spans = new HashMap<>();

    private long firstEntry = Long.MAX_VALUE;
    private long chunks;
    private long readings;
    private long batches;

    private Salvage(
            DamagedDatabase source,
            SqliteSession target,
            KeyVault vault,
            RegistrySalvage registry,
            List<String> losses) {
        this.source = source;
        this.target = target;
        this.vault = vault;
        this.registry = registry;
        this.losses = losses;
    }

    /**
     * Salvages the store in a directory. Blocks. Nothing in that directory is changed, and no plane may use it.
     *
     * @param to a directory that is new or empty
     * @throws PlaneException.NotFound if there is no store
     * @throws PlaneException.FailedPrecondition if the directory for the new store is not empty, or if the node key
     *     opens no key of the store
     */
    public static SalvageReport salvage(Path from, Path to, KeyEncryptionKey nodeKey) {
        try {
            var file = from.resolve("pulseplane.db");
            if (Files.notExists(file)) {
                throw new PlaneException.NotFound("there is no edge store in this directory");
            }
            requireEmpty(to);
            var losses = new ArrayList<String>();
            var keys = KeySalvage.find(from, nodeKey, Database.PAGE_BYTES, losses);
            if (keys.isEmpty()) {
                throw new PlaneException.FailedPrecondition(
                        "no key of the store can be unwrapped: this is another node key, or keys.db and keys.copy are"
                                + " damaged as a whole");
            }
            boolean keepsTags = keys.hasStoreKey();
            if (!keepsTags) {
                losses.add("the key of the store, and with it the receipts of batches");
            }
            var keyFile = new Database(to.resolve("keys.db"));
            keys.write(keyFile);
            try (var vault = KeyVault.open(keyFile, nodeKey, List.of(), false);
                    var target = new Database(to.resolve("pulseplane.db")).openForWriting()) {
                Schema.migrate(target, vault);
                target.execute("PRAGMA foreign_keys = OFF");
                try (var source = new DamagedDatabase(file, Database.PAGE_BYTES, rootsOf(target))) {
                    return salvage(source, target, vault, keepsTags, losses);
                }
            }
        } catch (IOException e) {
            throw new PlaneException.Unavailable("the files cannot be read or written", e);
        } catch (SQLException e) {
            throw SqliteErrors.toPlaneException(e);
        }
    }

    private static void requireEmpty(Path directory) throws IOException {
        PrivateFiles.createDirectories(directory);
        try (var files = Files.list(directory)) {
            if (files.findAny().isPresent()) {
                throw new PlaneException.FailedPrecondition("the directory for the new store is not empty");
            }
        }
    }

    private static Map<String, Integer> rootsOf(SqliteSession session) throws SQLException {
        var roots = new HashMap<String, Integer>();
        try (var rows = session.prepare("SELECT name, rootpage FROM sqlite_schema WHERE rootpage > 0")
                .executeQuery()) {
            while (rows.next()) {
                roots.put(rows.getString(1), rows.getInt(2));
            }
        }
        return roots;
    }

    private static SalvageReport salvage(
            DamagedDatabase source, SqliteSession target, KeyVault vault, boolean keepsTags, List<String> losses)
            throws SQLException {
        var registry = new RegistrySalvage(source, target, vault, keepsTags, losses);
        var salvage = new Salvage(source, target, vault, registry, losses);
        StoreIdentity.adopt(target, vault);
        target.inTransaction(() -> {
            salvage.copyIdentity();
            registry.copy();
            salvage.copyChunks();
            salvage.copyJournal();
            if (keepsTags) {
                source.visit("receipt", row -> {
                    if (RECEIPT.matches(row)) {
                        RECEIPT.copy(target, row);
                    }
                });
            }
            registry.fillGaps();
            salvage.copySequences();
        });
        salvage.readJournal();
        StoreIdentity.adopt(target, vault);
        vault.updateCopy();
        source.damagedPages().forEach((name, pages) -> losses.add("damaged pages of " + name + ": " + pages));
        if (source.damagedFrames() > 0) {
            losses.add(source.damagedFrames() + " pages of the write-ahead log are damaged, and older ones were read");
        }
        return salvage.report();
    }

    private SalvageReport report() throws SQLException {
        return new SalvageReport(
                count("patient"),
                count("device"),
                count("series"),
                chunks,
                readings,
                batches,
                losses.stream().distinct().toList());
    }

    private long count(String table) throws SQLException {
        try (var row = target.prepare("SELECT count(*) FROM " + table).executeQuery()) {
            row.next();
            return row.getLong(1);
        }
    }

    /** The audit trail belongs to the same store. */
    private void copyIdentity() throws SQLException {
        source.visit("store_identity", row -> {
            if (row.values().size() >= 6
                    && row.values().get(1) instanceof String id
                    && row.values().get(2) instanceof Long generation) {
                var update = target.prepare("UPDATE store_identity SET id = ?, generation = ?");
                update.setString(1, id);
                update.setLong(2, generation);
                update.executeUpdate();
            }
        });
    }

    private void copyChunks() throws SQLException {
        source.visit("chunk", row -> addChunk(row, false));
        source.visitOrphans(row -> addChunk(row, true));
        source.visit("quarantined_chunk", row -> {
            if (QUARANTINED.matches(row)) {
                var header = headerOf(row);
                registry.noteSeries(header.series());
                quarantine(header, (byte[]) row.values().get(5));
            }
        });
        var lastTimes = new HashMap<Long, Long>();
        source.visit("chunk_by_age", row -> {
            if (row.values().size() == 2
                    && row.values().get(0) instanceof Long last
                    && row.values().get(1) instanceof Long number) {
                lastTimes.put(number, last);
            }
        });
        source.visit("chunk_of_series", row -> {
            if (row.values().size() == 3
                    && row.values().get(0) instanceof Long series
                    && row.values().get(1) instanceof Long first
                    && row.values().get(2) instanceof Long number
                    && !chunkNumbers.contains(number)) {
                registry.noteSeries(series);
                long last = Math.max(first, lastTimes.getOrDefault(number, first + ChunkTable.MAX_SPAN_MICROS));
                lose(new Header(number, series, first, last, 0), new byte[0], "the chunk is lost");
            }
        });
    }

    private static Header headerOf(Row row) {
        var values = row.values();
        return new Header(row.number(), (Long) values.get(1), (Long) values.get(2), (Long) values.get(3), (int)
                (long) (Long) values.get(4));
    }

    /** @param isOrphan whether the row may be left over: then only its seal proves it */
    private void addChunk(Row row, boolean isOrphan) throws SQLException {
        if (!CHUNK.matches(row) || chunkNumbers.contains(row.number())) {
            return;
        }
        var header = headerOf(row);
        var payload = (byte[]) row.values().get(5);
        var patient = registry.patientOf(header.series());
        if (patient.isEmpty()) {
            if (!isOrphan) {
                chunkNumbers.add(row.number());
                registry.noteSeries(header.series());
                losses.add(describe(header) + ": nothing says whose series it is");
            }
            return;
        }
        try {
            var key = vault.key(patient.get());
            if (key.isEmpty()) {
                chunkNumbers.add(row.number());
                return; // the patient was erased
            }
            ChunkTable.open(target, key.get(), header, payload);
        } catch (PlaneException.DataLoss e) {
            if (!isOrphan) {
                chunkNumbers.add(row.number());
                lose(header, payload, e.getMessage());
            }
            return;
        }
        if (isFree(header) && CHUNK.copy(target, row)) {
            chunkNumbers.add(row.number());
            spans.computeIfAbsent(header.series(), _ -> new TreeMap<>()).put(header.firstTime(), header.lastTime());
            chunks++;
            readings += header.count();
        }
    }

    /** Whether no chunk of the series that was copied has times of this one. */
    private boolean isFree(Header header) {
        var before = spans.getOrDefault(header.series(), new TreeMap<>()).floorEntry(header.lastTime());
        return before == null || before.getValue() < header.firstTime();
    }

    private static String describe(Header header) {
        return "chunk " + header.number() + " of series " + header.series() + ", from " + header.firstTime() + " to "
                + header.lastTime() + " us, " + header.count() + " readings";
    }

    private void lose(Header header, byte[] payload, String reason) throws SQLException {
        losses.add(describe(header) + ": " + reason);
        quarantine(header, payload);
    }

    private void quarantine(Header header, byte[] payload) throws SQLException {
        var insert = target.prepare("INSERT INTO quarantined_chunk (series, first_us, last_us, count, payload)"
                + " VALUES (?, ?, ?, ?, ?)");
        insert.setLong(1, header.series());
        insert.setLong(2, header.firstTime());
        insert.setLong(3, header.lastTime());
        insert.setInt(4, header.count());
        insert.setBytes(5, payload);
        insert.executeUpdate();
    }

    private void copyJournal() throws SQLException {
        source.visit("journal", row -> {
            if (JOURNAL.matches(row) && JOURNAL.copy(target, row)) {
                firstEntry = Math.min(firstEntry, row.number());
            }
        });
        source.visit("lost_batch", row -> {
            if (LOST_BATCH.matches(row)) {
                LOST_BATCH.copy(target, row);
            }
        });
        var start = new long[] {firstEntry == Long.MAX_VALUE ? 0 : firstEntry - 1};
        source.visit("store_identity", row -> {
            if (row.values().size() > 6 && row.values().get(6) instanceof Long after) {
                start[0] = after;
            }
        });
        LostBatchTable.setJournalStart(target, start[0]);
    }

    /** Numbers that were given once are not given again, and tell which entries of the journal are missing. */
    private void copySequences() throws SQLException {
        source.visit("sqlite_sequence", row -> {
            if (row.values().size() == 2
                    && row.values().get(0) instanceof String table
                    && row.values().get(1) instanceof Long last) {
                var update = target.prepare("UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = ?");
                update.setLong(1, last);
                update.setString(2, table);
                if (update.executeUpdate() == 0) {
                    var insert = target.prepare("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)");
                    insert.setString(1, table);
                    insert.setLong(2, last);
                    insert.executeUpdate();
                }
            }
        });
    }

    private void readJournal() throws SQLException {
        new Journal(vault)
                .visit(
                        target,
                        0,
                        (_, _, entryBatches) -> {
                            batches += entryBatches.size();
                            return true;
                        },
                        loss -> losses.add("entry " + loss.entry() + " of the journal: " + loss.description()));
    }
}
