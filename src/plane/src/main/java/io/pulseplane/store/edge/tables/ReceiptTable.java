package io.pulseplane.store.edge.tables;

import io.pulseplane.store.crypto.DecryptionFailedException;
import io.pulseplane.store.edge.keys.AssociatedData;
import io.pulseplane.store.edge.keys.KeyVault;
import io.pulseplane.store.edge.sqlite.SqliteSession;
import io.pulseplane.vitals.PlaneException;
import java.lang.System.Logger.Level;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * The rows of the table {@code receipt}: what was answered to the batches of one device, some hundreds in a row, in the order
 * of their sequences. Sealed under the store's own key: a digest says little of a batch, and should say nothing.
 *
 * <pre>
 * payload, opened
 *   1 byte   version, 1
 *   varint   count
 *   of each  varint: sequence, less the one before (of the first: less that of the row); 8 bytes digest; varint accepted;
 *            varint duplicates; varint length, and rejections
 * </pre>
 */
public final class ReceiptTable {

    private static final System.Logger LOG = System.getLogger(ReceiptTable.class.getName());

    private static final int VERSION = 1;

    /** More of them in a row would make each write of a row longer; fewer, the table. */
    static final int MAX_RECEIPTS_PER_ROW = 512;

    private final KeyVault vault;

    public ReceiptTable(KeyVault vault) {
        this.vault = vault;
    }

    /** What is known of the batch with this sequence; null if there was none. */
    public AcknowledgedBatch find(SqliteSession session, long device, long sequence) throws SQLException {
        var first = rowStartFor(session, device, sequence);
        return first == null ? null : readOrEmpty(session, device, first).get(Sequences.toSortable(sequence));
    }

    /** Where the row begins in which the sequence would be; null if that would be before all rows. */
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
     * None of a row that is damaged: a batch that comes again is taken for a new one then, and its readings are found to be
     * known. Who insisted on the row would take no batch of this device any more, nor of any that is in a group with it.
     */
    private NavigableMap<Long, AcknowledgedBatch> readOrEmpty(SqliteSession session, long device, long first)
            throws SQLException {
        try {
            return read(session, device, first);
        } catch (PlaneException.DataLoss _) {
            LOG.log(Level.ERROR, "What was acknowledged to device number {0} is damaged, and forgotten", device);
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

    public NavigableMap<Long, AcknowledgedBatch> decode(
            SqliteSession session, long device, long first, byte[] payload) {
        var receipts = new TreeMap<Long, AcknowledgedBatch>();
        try {
            var source = new ByteReader(
                    session.codecs().aesGcm.open(vault.storeKey(), AssociatedData.ofReceipts(device, first), payload));
            if (source.readByte() != VERSION) {
                throw new PlaneException.FailedPrecondition("receipts were written by a newer Pulseplane");
            }
            int count = source.readCount();
            long sortable = first;
            for (int i = 0; i < count; i++) {
                sortable += source.readVarint();
                receipts.put(sortable, AcknowledgedBatch.read(Sequences.fromSortable(sortable), source));
            }
        } catch (DecryptionFailedException _) {
            throw new PlaneException.DataLoss("what was acknowledged to a device is damaged on the plane's disk");
        }
        return receipts;
    }

    /** Adds receipts of one device. A batch that has one keeps it. */
    public void add(SqliteSession session, long device, List<AcknowledgedBatch> more) throws SQLException {
        var byRow = new TreeMap<Long, NavigableMap<Long, AcknowledgedBatch>>();
        var ahead = new TreeMap<Long, AcknowledgedBatch>();
        for (var sent : more) {
            var row = rowStartFor(session, device, sent.sequence());
            var receipts = row == null ? ahead : byRow.get(row);
            if (receipts == null) {
                receipts = readOrEmpty(session, device, row);
                byRow.put(row, receipts);
            }
            receipts.putIfAbsent(Sequences.toSortable(sent.sequence()), sent);
        }
        for (var entry : byRow.entrySet()) {
            var delete = session.prepare("DELETE FROM receipt WHERE device = ? AND first = ?");
            delete.setLong(1, device);
            delete.setLong(2, entry.getKey());
            delete.executeUpdate();
            insert(session, device, entry.getValue());
        }
        insert(session, device, ahead);
    }

    private void insert(SqliteSession session, long device, NavigableMap<Long, AcknowledgedBatch> receipts)
            throws SQLException {
        var row = new ArrayList<AcknowledgedBatch>(MAX_RECEIPTS_PER_ROW);
        for (var sent : receipts.values()) {
            row.add(sent);
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
        var sink = new ByteWriter();
        sink.put(VERSION);
        sink.putVarint(row.size());
        long before = first;
        for (var sent : row) {
            long sortable = Sequences.toSortable(sent.sequence());
            sink.putVarint(sortable - before);
            sent.write(sink);
            before = sortable;
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
                                sink.array(),
                                0,
                                sink.size()));
        insert.executeUpdate();
    }
}
