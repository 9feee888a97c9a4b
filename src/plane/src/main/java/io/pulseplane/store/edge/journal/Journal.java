package io.pulseplane.store.edge.journal;

import io.pulseplane.store.crypto.AesGcm;
import io.pulseplane.store.edge.journal.Memtable.JournalBatch;
import io.pulseplane.store.edge.keys.AssociatedData;
import io.pulseplane.store.edge.keys.KeyVault;
import io.pulseplane.store.edge.sqlite.SqliteErrors;
import io.pulseplane.store.edge.sqlite.SqliteSession;
import io.pulseplane.store.edge.tables.AcknowledgedBatch;
import io.pulseplane.store.edge.tables.LostBatchTable;
import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.PlaneException;
import io.pulseplane.vitals.chunk.ByteReader;
import io.pulseplane.vitals.chunk.ByteWriter;
import io.pulseplane.vitals.chunk.CorruptDataException;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The table {@code journal}. A row is one entry, the batches of one group; an acknowledgement waits for that row and
 * for nothing else.
 *
 * <pre>
 * entry
 *   of each batch: varint number of the patient; varint length; that many bytes, sealed under the patient's key
 * batch, opened
 *   1 byte   version, 1
 *   varint   number of the device
 *   8 bytes  sequence; 8 bytes time of storing
 *   8 bytes  digest; varint accepted; varint duplicates; varint length, and rejections
 *   varint   number of series; of each: varint number; varint length; a chunk
 * </pre>
 *
 * Numbers of several bytes are little-endian.
 *
 * <p>To build entries, a journal keeps buffers and belongs to the thread that writes.
 */
public final class Journal {

    static final int VERSION = 1;

    /** Of a batch: version, number of the device, sequence, time, number of series. */
    private static final int MAX_BATCH_HEADER_BYTES = 1 + 2 * Long.BYTES + 2 * ByteWriter.MAX_VARINT_BYTES;

    /** The journal is compacted long before. A number beyond it is damaged. */
    private static final long MAX_ENTRIES = 1_000_000;

    private final KeyVault vault;
    private final ByteWriter entryBuffer = new ByteWriter();
    private final ByteWriter batchBuffer = new ByteWriter();
    private long entryNumber;
    private int batchIndex;

    /** Whether an entry was read with a batch of a patient whose key is damaged or missing. */
    private boolean hasLostKeys;

    public Journal(KeyVault vault) {
        this.vault = vault;
    }

    /** Begins an entry. Batches of an earlier entry that was not inserted are dropped. */
    void beginEntry(SqliteSession session) throws SQLException {
        entryBuffer.clear();
        batchIndex = 0;
        entryNumber = highestEntry(session) + 1;
    }

    /** Encodes a batch, seals it, and appends it to the entry. */
    JournalBatch appendBatch(
            SqliteSession session,
            long patient,
            long device,
            String deviceId,
            long time,
            AcknowledgedBatch acknowledged,
            long[] series,
            List<Columns> newReadings)
            throws SQLException {
        var codecs = session.codecs();
        var chunks = new MemtableChunk[series.length];
        batchBuffer.clear();
        batchBuffer.ensureCapacity(MAX_BATCH_HEADER_BYTES);
        batchBuffer.put(VERSION);
        batchBuffer.putVarint(device);
        batchBuffer.putLong(acknowledged.sequence());
        batchBuffer.putLong(time);
        acknowledged.write(batchBuffer);
        batchBuffer.ensureCapacity(ByteWriter.MAX_VARINT_BYTES);
        batchBuffer.putVarint(series.length);
        for (int i = 0; i < series.length; i++) {
            var columns = newReadings.get(i);
            var chunk = codecs.chunkEncoder.encode(columns.times(), columns.values(), 0, columns.size());
            batchBuffer.ensureCapacity(2 * ByteWriter.MAX_VARINT_BYTES + chunk.length);
            batchBuffer.putVarint(series[i]);
            batchBuffer.putVarint(chunk.length);
            batchBuffer.putBytes(chunk);
            chunks[i] = new MemtableChunk(chunk, columns.firstTime(), columns.lastTime(), columns.size());
        }
        var key = vault.key(patient).orElseThrow(() -> new PlaneException.DataLoss("the key of a patient is missing"));
        int length = batchBuffer.position() + AesGcm.OVERHEAD_BYTES;
        entryBuffer.ensureCapacity(2 * ByteWriter.MAX_VARINT_BYTES + length);
        entryBuffer.putVarint(patient);
        entryBuffer.putVarint(length);
        int start = entryBuffer.reserve(length);
        codecs.aesGcm.seal(
                key,
                AssociatedData.ofJournalBatch(entryNumber, batchIndex++),
                batchBuffer.bytes(),
                0,
                batchBuffer.position(),
                entryBuffer.bytes(),
                start);
        return new JournalBatch(entryNumber, device, deviceId, patient, time, acknowledged, series, chunks);
    }

    boolean isEmpty() {
        return batchIndex == 0;
    }

    int entryBytes() {
        return entryBuffer.position();
    }

    void insertEntry(SqliteSession session) throws SQLException {
        var insert = session.prepare("INSERT INTO journal VALUES (?, ?)");
        insert.setLong(1, entryNumber);
        insert.setBytes(2, entryBuffer.toByteArray());
        insert.executeUpdate();
    }

    /**
     * Deletes the entries up to one, whose batches are elsewhere now. An entry with a batch of a patient whose key is
     * damaged or missing stays: the right key may come back.
     *
     * @param allReadable whether that is known of none
     */
    public void deleteUpTo(SqliteSession session, long lastEntry, boolean allReadable) throws SQLException {
        LostBatchTable.setJournalStart(session, lastEntry);
        if (allReadable && !hasLostKeys) {
            var delete = session.prepare("DELETE FROM journal WHERE number <= ?");
            delete.setLong(1, lastEntry);
            delete.executeUpdate();
            return;
        }
        var delete = session.prepare("DELETE FROM journal WHERE number = ?");
        for (long entry : readableEntries(session, lastEntry)) {
            delete.setLong(1, entry);
            delete.executeUpdate();
        }
    }

    private List<Long> readableEntries(SqliteSession session, long lastEntry) throws SQLException {
        var readable = new ArrayList<Long>();
        var select = session.prepare("SELECT number, payload FROM journal WHERE number <= ?");
        select.setLong(1, lastEntry);
        try (var rows = select.executeQuery()) {
            while (rows.next()) {
                if (hasAllKeys(SqliteSession.bytesOrEmpty(rows, 2))) {
                    readable.add(rows.getLong(1));
                }
            }
        }
        return readable;
    }

    private boolean hasAllKeys(byte[] payload) throws SQLException {
        var in = new ByteReader(payload);
        try {
            while (in.remaining() > 0) {
                long patient = in.readVarint();
                in.skip(in.readLength());
                vault.key(patient);
            }
            return true;
        } catch (PlaneException.DataLoss _) {
            return false;
        } catch (CorruptDataException _) {
            // The entry is damaged, not a key. Its loss was reported when it was read.
            return true;
        }
    }

    /** Gets each entry with the batches of it that can be read. */
    public interface Visitor {

        /** @return whether to go on */
        boolean visit(long entry, int bytes, List<JournalBatch> batches) throws SQLException;
    }

    /** Gets each loss. */
    public interface LossListener {
        void onLoss(JournalLoss loss);
    }

    /**
     * Visits the entries after one in order, until the visitor stops. A batch that cannot be decrypted is lost, and no
     * other batch with it. An entry is lost that is missing though nothing deleted it: damage of a page may hide it.
     * Batches of erased patients are left out.
     *
     * @return whether all were visited
     */
    public boolean visit(SqliteSession session, long after, Visitor visitor, LossListener lossListener)
            throws SQLException {
        var last = new long[] {after};
        long start = LostBatchTable.journalStart(session);
        boolean isWhole = visitEntries(session, last, start, visitor, lossListener);
        if (isWhole) {
            reportMissing(start, last[0], highestEntryOr(session, last[0]) + 1, lossListener);
        }
        return isWhole;
    }

    /** @param start negative if nothing is known to be missing */
    private static void reportMissing(long start, long last, long next, LossListener lossListener) {
        long first = Math.max(start, last) + 1;
        if (start >= 0 && first < next) {
            var others = first + 1 < next ? " and all up to entry " + (next - 1) + " are" : " is";
            lossListener.onLoss(
                    JournalLoss.ofRest(first, 0, "it" + others + " missing, or on a damaged page, and lost"));
        }
    }

    private static long highestEntryOr(SqliteSession session, long last) throws SQLException {
        try {
            return highestEntry(session);
        } catch (SQLException e) {
            if (!SqliteErrors.isDamage(e)) {
                throw e;
            }
            return last;
        }
    }

    /**
     * Visits the entries.
     *
     * @param last the number of the last entry that was visited, here and when this returns
     * @param start after this one, every entry must be there
     * @return whether all were visited
     */
    private boolean visitEntries(
            SqliteSession session, long[] last, long start, Visitor visitor, LossListener lossListener)
            throws SQLException {
        var decoder = new EntryDecoder(vault);
        EntryReader reader = (entry, payload) -> {
            reportMissing(start, last[0], entry, lossListener);
            last[0] = Math.max(last[0], entry);
            var batches = decoder.decode(session, entry, payload, lossListener);
            hasLostKeys |= decoder.foundLostKey();
            return visitor.visit(entry, payload.length, batches);
        };
        var select = session.prepare("SELECT number, payload FROM journal WHERE number > ? ORDER BY number");
        try {
            select.setLong(1, last[0]);
            try (var rows = select.executeQuery()) {
                while (rows.next()) {
                    if (!reader.read(rows.getLong(1), SqliteSession.bytesOrEmpty(rows, 2))) {
                        return false;
                    }
                }
            }
            return true;
        } catch (SQLException e) {
            if (!SqliteErrors.isDamage(e)) {
                throw e;
            }
            session.forget(select);
            return visitOneByOne(session, last[0], reader);
        }
    }

    private interface EntryReader {

        /** @return whether to go on */
        boolean read(long entry, byte[] payload) throws SQLException;
    }

    /** Goes around damaged pages: each entry is looked for by its number, and those on a damaged page are lost. */
    private static boolean visitOneByOne(SqliteSession session, long after, EntryReader reader) throws SQLException {
        long last = Math.min(highestEntry(session), after + MAX_ENTRIES);
        for (long entry = after + 1; entry <= last; entry++) {
            var payload = Optional.<byte[]>empty();
            var select = session.prepare("SELECT payload FROM journal WHERE number = ?");
            try {
                payload = payloadOf(select, entry);
            } catch (SQLException e) {
                if (!SqliteErrors.isDamage(e)) {
                    throw e;
                }
                session.forget(select);
            }
            if (payload.isPresent() && !reader.read(entry, payload.get())) {
                return false;
            }
        }
        return true;
    }

    private static Optional<byte[]> payloadOf(PreparedStatement select, long entry) throws SQLException {
        select.setLong(1, entry);
        try (var row = select.executeQuery()) {
            return row.next() ? Optional.of(SqliteSession.bytesOrEmpty(row, 1)) : Optional.empty();
        }
    }

    private static long highestEntry(SqliteSession session) throws SQLException {
        try (var row = session.prepare("SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'journal'), 0)")
                .executeQuery()) {
            row.next();
            return row.getLong(1);
        }
    }
}
