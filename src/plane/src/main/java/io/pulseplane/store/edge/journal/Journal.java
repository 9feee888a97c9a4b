package io.pulseplane.store.edge.journal;

import io.pulseplane.store.crypto.AesGcm;
import io.pulseplane.store.crypto.DecryptionFailedException;
import io.pulseplane.store.edge.journal.Memtable.JournalBatch;
import io.pulseplane.store.edge.keys.AssociatedData;
import io.pulseplane.store.edge.keys.KeyVault;
import io.pulseplane.store.edge.sqlite.SqliteSession;
import io.pulseplane.store.edge.tables.AcknowledgedBatch;
import io.pulseplane.store.edge.tables.ByteReader;
import io.pulseplane.store.edge.tables.ByteWriter;
import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.PlaneException;
import java.lang.System.Logger.Level;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javax.crypto.SecretKey;

/**
 * The table {@code journal}: each row is an entry, the batches of one group, which is all an acknowledgement waits for.
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
 */
public final class Journal {

    private static final System.Logger LOG = System.getLogger(Journal.class.getName());

    private static final int VERSION = 1;

    private final KeyVault vault;
    private final ByteWriter entryBuffer = new ByteWriter();
    private final ByteWriter batchBuffer = new ByteWriter();
    private long entryNumber;
    private int batchIndex;

    public Journal(KeyVault vault) {
        this.vault = vault;
    }

    /** Begins an entry; what was put into the one before and not written is dropped. */
    void beginEntry(SqliteSession session) throws SQLException {
        entryBuffer.clear();
        batchIndex = 0;
        try (var row = session.prepare(
                        "SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'journal'), 0) + 1")
                .executeQuery()) {
            row.next();
            entryNumber = row.getLong(1);
        }
    }

    /** Puts a batch into the entry. */
    JournalBatch appendBatch(
            SqliteSession session,
            long patient,
            long device,
            String deviceId,
            long time,
            AcknowledgedBatch sent,
            long[] series,
            List<Columns> fresh)
            throws SQLException {
        var bench = session.codecs();
        var pieces = new MemtableChunk[series.length];
        batchBuffer.clear();
        batchBuffer.put(VERSION);
        batchBuffer.putVarint(device);
        batchBuffer.putLong(sent.sequence());
        batchBuffer.putLong(time);
        sent.write(batchBuffer);
        batchBuffer.putVarint(series.length);
        for (int i = 0; i < series.length; i++) {
            var columns = fresh.get(i);
            var chunk = bench.chunkEncoder.encode(columns.times(), columns.values(), 0, columns.size());
            batchBuffer.putVarint(series[i]);
            batchBuffer.putVarint(chunk.length);
            batchBuffer.put(chunk);
            pieces[i] = new MemtableChunk(chunk, columns.firstTime(), columns.lastTime(), columns.size());
        }
        var key = vault.key(patient).orElseThrow(() -> new PlaneException.DataLoss("a patient's key is not there"));
        int length = batchBuffer.size() + AesGcm.OVERHEAD_BYTES;
        entryBuffer.putVarint(patient);
        entryBuffer.putVarint(length);
        int at = entryBuffer.reserve(length);
        bench.aesGcm.seal(
                key,
                AssociatedData.ofJournalBatch(entryNumber, batchIndex++),
                batchBuffer.array(),
                0,
                batchBuffer.size(),
                entryBuffer.array(),
                at);
        return new JournalBatch(entryNumber, device, deviceId, patient, time, sent, series, pieces);
    }

    boolean isEmpty() {
        return batchIndex == 0;
    }

    int entryBytes() {
        return entryBuffer.size();
    }

    void insertEntry(SqliteSession session) throws SQLException {
        var insert = session.prepare("INSERT INTO journal VALUES (?, ?)");
        insert.setLong(1, entryNumber);
        insert.setBytes(2, entryBuffer.toByteArray());
        insert.executeUpdate();
    }

    public static void deleteUpTo(SqliteSession session, long last) throws SQLException {
        var delete = session.prepare("DELETE FROM journal WHERE number <= ?");
        delete.setLong(1, last);
        delete.executeUpdate();
    }

    /**
     * Reads everything there is into the backlog. A batch whose seal is broken costs itself; of a patient who was erased there
     * is nothing to be read any more.
     */
    public void replay(SqliteSession session, Memtable backlog) throws SQLException {
        visit(
                session,
                (_, bytes, batches) -> backlog.add(batches, bytes),
                (entry, what) -> LOG.log(Level.ERROR, "Entry {0} of the journal: {1}", entry, what));
    }

    /** Sees entries, in order, with those of their batches that can be read. */
    public interface Visitor {
        void visit(long entry, int bytes, List<JournalBatch> batches) throws SQLException;
    }

    /** Told of what cannot be read, though it should be. */
    public interface LossListener {
        void onLoss(long entry, String what);
    }

    public void visit(SqliteSession session, Visitor visitor, LossListener lost) throws SQLException {
        var ids = new DeviceIdCache();
        try (var rows = session.prepare("SELECT number, payload FROM journal ORDER BY number")
                .executeQuery()) {
            while (rows.next()) {
                long entry = rows.getLong(1);
                var payload = SqliteSession.bytesOrEmpty(rows, 2);
                visitor.visit(entry, payload.length, decodeEntry(session, ids, entry, payload, lost));
            }
        }
    }

    private List<JournalBatch> decodeEntry(
            SqliteSession session, DeviceIdCache ids, long entry, byte[] payload, LossListener lost)
            throws SQLException {
        var batches = new ArrayList<JournalBatch>();
        if (payload.length == 0) {
            lost.onLoss(entry, "it is damaged, and there is nothing in it");
        }
        var source = new ByteReader(payload);
        try {
            for (int i = 0; !source.isAtEnd(); i++) {
                long patient = source.readVarint();
                int length = source.readLength();
                int from = source.skip(length);
                var key = keyOf(patient, entry, lost);
                if (key.isPresent()) {
                    try {
                        var plain = session.codecs()
                                .aesGcm
                                .open(key.get(), AssociatedData.ofJournalBatch(entry, i), payload, from, from + length);
                        batches.add(decodeBatch(session, ids, entry, patient, new ByteReader(plain)));
                    } catch (DecryptionFailedException _) {
                        lost.onLoss(entry, "batch " + i + " is damaged and lost");
                    }
                }
            }
        } catch (PlaneException.DataLoss _) {
            lost.onLoss(entry, "it is damaged, and what follows in it lost");
        }
        return batches;
    }

    /** A key that is damaged costs what was sealed under it, and nothing that lies beside that. */
    private Optional<SecretKey> keyOf(long patient, long entry, LossListener lost) throws SQLException {
        try {
            return vault.key(patient);
        } catch (PlaneException.DataLoss _) {
            lost.onLoss(entry, "the key of patient number " + patient + " is damaged, and a batch lost");
            return Optional.empty();
        }
    }

    /** How many batches an entry has, told without a key. */
    public static int countBatches(byte[] payload) {
        var source = new ByteReader(payload);
        int batches = 0;
        try {
            while (!source.isAtEnd()) {
                source.readVarint();
                source.skip(source.readLength());
                batches++;
            }
        } catch (PlaneException.DataLoss _) {
            // As many as can be told apart.
        }
        return batches;
    }

    private static JournalBatch decodeBatch(
            SqliteSession session, DeviceIdCache ids, long entry, long patient, ByteReader source) throws SQLException {
        if (source.readByte() != VERSION) {
            throw new PlaneException.FailedPrecondition("the journal was written by a newer Pulseplane");
        }
        long device = source.readVarint();
        long sequence = source.readLong();
        long time = source.readLong();
        var sent = AcknowledgedBatch.read(sequence, source);
        int count = source.readCount();
        var series = new ArrayList<Long>();
        var pieces = new ArrayList<MemtableChunk>();
        for (int i = 0; i < count; i++) {
            series.add(source.readVarint());
            var chunk = source.readBytes(source.readLength());
            var reader = session.codecs().chunkReader.open(chunk);
            pieces.add(new MemtableChunk(chunk, reader.firstTime(), reader.lastTime(), reader.count()));
        }
        return new JournalBatch(
                entry,
                device,
                ids.idOf(session, device),
                patient,
                time,
                sent,
                series.stream().mapToLong(Long::longValue).toArray(),
                pieces.toArray(MemtableChunk[]::new));
    }
}
