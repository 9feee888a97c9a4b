package io.pulseplane.store.edge.tables;

import io.pulseplane.store.crypto.DecryptionFailedException;
import io.pulseplane.store.edge.keys.AssociatedData;
import io.pulseplane.store.edge.keys.KeyVault;
import io.pulseplane.store.edge.sqlite.SqliteSession;
import io.pulseplane.vitals.PlaneException;
import io.pulseplane.vitals.chunk.ByteReader;
import io.pulseplane.vitals.chunk.ByteWriter;
import io.pulseplane.vitals.chunk.CorruptChunkException;
import java.lang.System.Logger.Level;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * The table {@code receipt}. A row has the receipts of some hundred batches of one device, in the order of their
 * sequences. It is sealed under the store's own key, because even a digest tells something about a batch.
 *
 * <pre>
 * payload, opened
 *   1 byte   version, 1
 *   varint   count
 *   of each  varint: sequence, less the one before (of the first: less that of the row); 8 bytes digest;
 *            varint accepted; varint duplicates; varint length, and rejections
 * </pre>
 */
public final class ReceiptTable {

    private static final System.Logger LOG = System.getLogger(ReceiptTable.class.getName());

    private static final int VERSION = 1;

    /** With more of them in a row, each write of a row takes longer; with fewer, the table is larger. */
    static final int MAX_RECEIPTS_PER_ROW = 512;

    private final KeyVault vault;

    public ReceiptTable(KeyVault vault) {
        this.vault = vault;
    }

    /** The receipt of the batch with this sequence; null if no such batch was acknowledged. */
    public AcknowledgedBatch find(SqliteSession session, long device, long sequence) throws SQLException {
        var first = rowStartFor(session, device, sequence);
        return first == null ? null : readOrEmpty(session, device, first).get(Sequences.toSortable(sequence));
    }

    /** The first sequence of the row that would have this one, sortable; null if this one is before all rows. */
    private static Long rowStartFor(SqliteSession session, long device, long sequence) throws SQLException {
        var select = session.prepare(
                "SELECT first FROM receipt WHERE device = ? AND first <= ? ORDER BY first DESC LIMIT 1");
        select.setLong(1, device);
        select.setLong(2, Sequences.toSortable(sequence));
        try (var row = select.executeQuery()) {
            return row.next() ? (Long) row.getLong(1) : null;
        }
    }

    /**
     * The receipts of a row; none if the row is damaged. A batch that is sent again is then appended as a new one, and
     * its readings are duplicates. If a damaged row were an error, the store could append no batch of this device any
     * more, nor of other devices in the same group.
     */
    private NavigableMap<Long, AcknowledgedBatch> readOrEmpty(SqliteSession session, long device, long first)
            throws SQLException {
        try {
            return read(session, device, first);
        } catch (PlaneException.DataLoss _) {
            LOG.log(Level.ERROR, "Receipts of device number {0} are damaged and lost", device);
            return new TreeMap<>();
        }
    }

    private NavigableMap<Long, AcknowledgedBatch> read(SqliteSession session, long device, long first)
            throws SQLException {
        var select = session.prepare("SELECT payload FROM receipt WHERE device = ? AND first = ?");
        select.setLong(1, device);
        select.setLong(2, first);
        try (var row = select.executeQuery()) {
            row.next();
            return decode(session, device, first, SqliteSession.bytesOrEmpty(row, 1));
        }
    }

    /**
     * Opens the payload of a row.
     *
     * @return receipts by sortable sequence
     * @throws PlaneException.DataLoss if the payload is not as it was written
     */
    public NavigableMap<Long, AcknowledgedBatch> decode(
            SqliteSession session, long device, long first, byte[] payload) {
        var receipts = new TreeMap<Long, AcknowledgedBatch>();
        try {
            var in = new ByteReader(
                    session.codecs().aesGcm.open(vault.storeKey(), AssociatedData.ofReceipts(device, first), payload));
            if (in.readByte() != VERSION) {
                throw new PlaneException.FailedPrecondition("receipts were written by a newer Pulseplane");
            }
            int count = in.readLength();
            long sortable = first;
            for (int i = 0; i < count; i++) {
                sortable += in.readVarint();
                receipts.put(sortable, AcknowledgedBatch.read(Sequences.fromSortable(sortable), in));
            }
        } catch (DecryptionFailedException | CorruptChunkException _) {
            throw new PlaneException.DataLoss("receipts of a device are damaged on the plane's disk");
        }
        return receipts;
    }

    /** Adds receipts of one device. A receipt replaces an earlier one of the same sequence. */
    public void add(SqliteSession session, long device, List<AcknowledgedBatch> batches) throws SQLException {
        var byRow = new TreeMap<Long, NavigableMap<Long, AcknowledgedBatch>>();
        var beforeAllRows = new TreeMap<Long, AcknowledgedBatch>();
        for (var batch : batches) {
            var row = rowStartFor(session, device, batch.sequence());
            var receipts = row == null ? beforeAllRows : byRow.get(row);
            if (receipts == null) {
                receipts = readOrEmpty(session, device, row);
                byRow.put(row, receipts);
            }
            receipts.put(Sequences.toSortable(batch.sequence()), batch);
        }
        for (var entry : byRow.entrySet()) {
            var delete = session.prepare("DELETE FROM receipt WHERE device = ? AND first = ?");
            delete.setLong(1, device);
            delete.setLong(2, entry.getKey());
            delete.executeUpdate();
            insert(session, device, entry.getValue());
        }
        insert(session, device, beforeAllRows);
    }

    private void insert(SqliteSession session, long device, NavigableMap<Long, AcknowledgedBatch> receipts)
            throws SQLException {
        var row = new ArrayList<AcknowledgedBatch>(MAX_RECEIPTS_PER_ROW);
        for (var batch : receipts.values()) {
            row.add(batch);
            if (row.size() == MAX_RECEIPTS_PER_ROW) {
                insertRow(session, device, row);
                row.clear();
            }
        }
        if (!row.isEmpty()) {
            insertRow(session, device, row);
        }
    }

    private void insertRow(SqliteSession session, long device, List<AcknowledgedBatch> row) throws SQLException {
        long first = Sequences.toSortable(row.getFirst().sequence());
        var out = new ByteWriter();
        out.ensureCapacity(1 + ByteWriter.MAX_VARINT_BYTES);
        out.put(VERSION);
        out.putVarint(row.size());
        long previous = first;
        for (var batch : row) {
            long sortable = Sequences.toSortable(batch.sequence());
            out.ensureCapacity(ByteWriter.MAX_VARINT_BYTES);
            out.putVarint(sortable - previous);
            batch.write(out);
            previous = sortable;
        }
        var insert = session.prepare("INSERT INTO receipt VALUES (?, ?, ?, ?)");
        insert.setLong(1, device);
        insert.setLong(2, first);
        insert.setInt(3, row.size());
        insert.setBytes(
                4,
                session.codecs()
                        .aesGcm
                        .seal(
                                vault.storeKey(),
                                AssociatedData.ofReceipts(device, first),
                                out.bytes(),
                                0,
                                out.position()));
        insert.executeUpdate();
    }
}
