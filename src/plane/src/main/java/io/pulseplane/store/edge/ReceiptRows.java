package io.pulseplane.store.edge;

import io.pulseplane.store.seal.SealBroken;
import io.pulseplane.vitals.Problem;
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
final class ReceiptRows {

    private static final System.Logger LOG = System.getLogger(ReceiptRows.class.getName());

    private static final int VERSION = 1;

    /** More of them in a row would make each write of a row longer; fewer, the table. */
    static final int MAX_RECEIPTS = 512;

    private final KeyVault vault;

    ReceiptRows(KeyVault vault) {
        this.vault = vault;
    }

    /** What is known of the batch with this sequence; null if there was none. */
    Sent find(Session session, long device, long sequence) throws SQLException {
        var first = firstOfRowWith(session, device, sequence);
        return first == null ? null : readWhole(session, device, first).get(Sequences.sortable(sequence));
    }

    /** Where the row begins in which the sequence would be; null if that would be before all rows. */
    private static Long firstOfRowWith(Session session, long device, long sequence) throws SQLException {
        var select = session.prepare(
                "SELECT first FROM receipt WHERE device = ? AND first <= ? ORDER BY first DESC LIMIT 1");
        select.setLong(1, device);
        select.setLong(2, Sequences.sortable(sequence));
        try (var row = select.executeQuery()) {
            return row.next() ? (Long) row.getLong(1) : null;
        }
    }

    /**
     * None of a row that is damaged: a batch that comes again is taken for a new one then, and its readings are found to be
     * known. Who insisted on the row would take no batch of this device any more, nor of any that is in a group with it.
     */
    private NavigableMap<Long, Sent> readWhole(Session session, long device, long first) throws SQLException {
        try {
            return read(session, device, first);
        } catch (Problem.Damaged _) {
            LOG.log(Level.ERROR, "What was acknowledged to device number {0} is damaged, and forgotten", device);
            return new TreeMap<>();
        }
    }

    private NavigableMap<Long, Sent> read(Session session, long device, long first) throws SQLException {
        var select = session.prepare("SELECT payload FROM receipt WHERE device = ? AND first = ?");
        select.setLong(1, device);
        select.setLong(2, first);
        try (var row = select.executeQuery()) {
            row.next();
            return decode(session, device, first, Session.bytes(row, 1));
        }
    }

    NavigableMap<Long, Sent> decode(Session session, long device, long first, byte[] payload) {
        var receipts = new TreeMap<Long, Sent>();
        try {
            var source = new ByteSource(
                    session.bench().sealer.open(vault.ownKey(), Place.ofReceipts(device, first), payload));
            if (source.next() != VERSION) {
                throw new Problem.Unmet("receipts were written by a newer Pulseplane");
            }
            int count = source.count();
            long sortable = first;
            for (int i = 0; i < count; i++) {
                sortable += source.varint();
                receipts.put(sortable, Sent.read(Sequences.fromSortable(sortable), source));
            }
        } catch (SealBroken _) {
            throw new Problem.Damaged("what was acknowledged to a device is damaged on the plane's disk");
        }
        return receipts;
    }

    /** Adds receipts of one device. A batch that has one keeps it. */
    void add(Session session, long device, List<Sent> more) throws SQLException {
        var byRow = new TreeMap<Long, NavigableMap<Long, Sent>>();
        var ahead = new TreeMap<Long, Sent>();
        for (var sent : more) {
            var row = firstOfRowWith(session, device, sent.sequence());
            var receipts = row == null ? ahead : byRow.get(row);
            if (receipts == null) {
                receipts = readWhole(session, device, row);
                byRow.put(row, receipts);
            }
            receipts.putIfAbsent(Sequences.sortable(sent.sequence()), sent);
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

    private void insert(Session session, long device, NavigableMap<Long, Sent> receipts) throws SQLException {
        var row = new ArrayList<Sent>(MAX_RECEIPTS);
        for (var sent : receipts.values()) {
            row.add(sent);
            if (row.size() == MAX_RECEIPTS) {
                insertRow(session, device, row);
                row.clear();
            }
        }
        if (!row.isEmpty()) {
            insertRow(session, device, row);
        }
    }

    private void insertRow(Session session, long device, List<Sent> row) throws SQLException {
        long first = Sequences.sortable(row.getFirst().sequence());
        var sink = new ByteSink();
        sink.put(VERSION);
        sink.varint(row.size());
        long before = first;
        for (var sent : row) {
            long sortable = Sequences.sortable(sent.sequence());
            sink.varint(sortable - before);
            sent.write(sink);
            before = sortable;
        }
        var insert = session.prepare("INSERT INTO receipt VALUES (?, ?, ?, ?)");
        insert.setLong(1, device);
        insert.setLong(2, first);
        insert.setInt(3, row.size());
        insert.setBytes(
                4,
                session.bench()
                        .sealer
                        .seal(vault.ownKey(), Place.ofReceipts(device, first), sink.array(), 0, sink.size()));
        insert.executeUpdate();
    }
}
