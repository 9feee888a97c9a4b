package io.pulseplane.store.edge.tables;

import io.pulseplane.store.crypto.DecryptionFailedException;
import io.pulseplane.store.edge.keys.AssociatedData;
import io.pulseplane.store.edge.keys.KeyVault;
import io.pulseplane.store.edge.sqlite.SqliteErrors;
import io.pulseplane.store.edge.sqlite.SqliteSession;
import io.pulseplane.vitals.PlaneException;
import io.pulseplane.vitals.chunk.ByteReader;
import io.pulseplane.vitals.chunk.ByteWriter;
import io.pulseplane.vitals.chunk.CorruptDataException;
import java.lang.System.Logger.Level;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import javax.crypto.SecretKey;

/**
 * The table {@code receipt}. A row has the receipts of some hundred batches of one device, in the order of their
 * sequences. It is sealed under the store's own key. Within it, what was acknowledged is sealed under the key of the
 * patient, because even a digest tells something about a batch. So it is gone when the patient is erased; what is left
 * is that the device has used the sequence.
 *
 * <pre>
 * payload, opened
 *   1 byte   version, 2
 *   varint   count
 *   of each  varint: sequence, less the one before (of the first: less that of the row);
 *            varint: twice the number of the patient, and 1 more if the receipt is forgotten
 *   of each patient with other receipts, in the order in which they occur
 *            varint length, and that many bytes, sealed under the patient's key
 * the part of a patient, opened, of each receipt that is not forgotten
 *   8 bytes digest; varint accepted; varint duplicates; varint length, and rejections
 * </pre>
 *
 * <p>A row of version 1 has no numbers of patients: of each receipt, its sequence is followed by what was acknowledged,
 * and nothing is sealed under another key. Such receipts still count. When their row is written again, they have the
 * number {@link Receipt#UNKNOWN_PATIENT}, and stay under the store's key. When a patient is erased who had readings of
 * the device, all such receipts of the device are {@linkplain #forgetUnknown forgotten}.
 */
public final class ReceiptTable {

    private static final System.Logger LOG = System.getLogger(ReceiptTable.class.getName());

    private static final int VERSION = 2;
    private static final int VERSION_WITHOUT_PATIENTS = 1;

    /** With more of them in a row, each write of a row takes longer; with fewer, the table is larger. */
    static final int MAX_RECEIPTS_PER_ROW = 512;

    private final KeyVault vault;

    public ReceiptTable(KeyVault vault) {
        this.vault = vault;
    }

    /** The receipt of the batch with this sequence; null if no such batch was acknowledged. */
    public Receipt find(SqliteSession session, long device, long sequence) throws SQLException {
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
    private NavigableMap<Long, Receipt> readOrEmpty(SqliteSession session, long device, long first)
            throws SQLException {
        try {
            return read(session, device, first);
        } catch (PlaneException.DataLoss _) {
            LOG.log(Level.ERROR, "Receipts of device number {0} are damaged and lost", device);
            return new TreeMap<>();
        }
    }

    private NavigableMap<Long, Receipt> read(SqliteSession session, long device, long first) throws SQLException {
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
    public NavigableMap<Long, Receipt> decode(SqliteSession session, long device, long first, byte[] payload) {
        try {
            var in = new ByteReader(
                    session.codecs().aesGcm.open(vault.storeKey(), AssociatedData.ofReceipts(device, first), payload));
            return switch (in.readByte()) {
                case VERSION -> readParts(session, device, first, in);
                case VERSION_WITHOUT_PATIENTS -> readWithoutPatients(first, in);
                default -> throw new PlaneException.FailedPrecondition("receipts were written by a newer Pulseplane");
            };
        } catch (DecryptionFailedException | CorruptDataException _) {
            throw new PlaneException.DataLoss("receipts of a device are damaged on the plane's disk");
        }
    }

    private static NavigableMap<Long, Receipt> readWithoutPatients(long first, ByteReader in) {
        var receipts = new TreeMap<Long, Receipt>();
        int count = in.readLength();
        long sortable = first;
        for (int i = 0; i < count; i++) {
            sortable += in.readVarint();
            var acknowledged = AcknowledgedBatch.read(Sequences.fromSortable(sortable), in);
            receipts.put(sortable, Receipt.of(Receipt.UNKNOWN_PATIENT, acknowledged));
        }
        return receipts;
    }

    private NavigableMap<Long, Receipt> readParts(SqliteSession session, long device, long first, ByteReader in)
            throws DecryptionFailedException {
        var receipts = new TreeMap<Long, Receipt>();
        var byPatient = new LinkedHashMap<Long, List<Receipt>>();
        int count = in.readLength();
        long sortable = first;
        for (int i = 0; i < count; i++) {
            sortable += in.readVarint();
            long patient = in.readVarint();
            var receipt = new Receipt(patient >> 1, Sequences.fromSortable(sortable), null);
            receipts.put(sortable, receipt);
            if ((patient & 1) == 0) {
                byPatient
                        .computeIfAbsent(receipt.patient(), _ -> new ArrayList<>())
                        .add(receipt);
            }
        }
        for (var entry : byPatient.entrySet()) {
            long patient = entry.getKey();
            var part = in.readBytes(in.readLength());
            var key = keyOf(patient);
            if (key.isPresent()) {
                var associatedData = AssociatedData.ofReceiptsOfPatient(device, first, patient);
                var opened = new ByteReader(session.codecs().aesGcm.open(key.get(), associatedData, part));
                for (var receipt : entry.getValue()) {
                    var acknowledged = AcknowledgedBatch.read(receipt.sequence(), opened);
                    receipts.put(Sequences.toSortable(receipt.sequence()), Receipt.of(patient, acknowledged));
                }
            }
        }
        return receipts;
    }

    /** Empty if the patient was erased, or if the key is lost. */
    private Optional<SecretKey> keyOf(long patient) {
        try {
            return patient == Receipt.UNKNOWN_PATIENT ? Optional.of(vault.storeKey()) : vault.key(patient);
        } catch (PlaneException.DataLoss _) {
            return Optional.empty();
        } catch (SQLException e) {
            throw SqliteErrors.toPlaneException(e);
        }
    }

    /** Adds receipts of one device. A receipt replaces an earlier one of the same sequence. */
    public void add(SqliteSession session, long device, List<Receipt> added) throws SQLException {
        var byRow = new TreeMap<Long, NavigableMap<Long, Receipt>>();
        var beforeAllRows = new TreeMap<Long, Receipt>();
        for (var receipt : added) {
            var row = rowStartFor(session, device, receipt.sequence());
            var receipts = row == null ? beforeAllRows : byRow.get(row);
            if (receipts == null) {
                receipts = readOrEmpty(session, device, row);
                byRow.put(row, receipts);
            }
            receipts.put(Sequences.toSortable(receipt.sequence()), receipt);
        }
        for (var entry : byRow.entrySet()) {
            replaceRow(session, device, entry.getKey(), entry.getValue());
        }
        insert(session, device, beforeAllRows);
    }

    /**
     * Forgets the receipts of a device whose patients are unknown, in some rows.
     *
     * @param after looks at the rows after this one, in the order of sequences
     * @return the first sequence of the last row, sortable; empty if there are no further rows
     */
    public OptionalLong forgetUnknown(SqliteSession session, long device, long after, int maxRows) throws SQLException {
        var row = OptionalLong.of(after);
        for (int i = 0; i < maxRows && row.isPresent(); i++) {
            row = rowAfter(session, device, row.getAsLong());
            if (row.isPresent()) {
                forgetUnknown(session, device, row.getAsLong());
            }
        }
        return row;
    }

    private void forgetUnknown(SqliteSession session, long device, long first) throws SQLException {
        var receipts = readOrEmpty(session, device, first);
        if (receipts.values().stream().anyMatch(ReceiptTable::isUnknown)) {
            receipts.replaceAll((_, receipt) -> isUnknown(receipt) ? receipt.forgotten() : receipt);
            replaceRow(session, device, first, receipts);
        }
    }

    private static boolean isUnknown(Receipt receipt) {
        return receipt.patient() == Receipt.UNKNOWN_PATIENT && !receipt.isForgotten();
    }

    private static OptionalLong rowAfter(SqliteSession session, long device, long after) throws SQLException {
        var select = session.prepare("SELECT first FROM receipt WHERE device = ? AND first > ? ORDER BY first LIMIT 1");
        select.setLong(1, device);
        select.setLong(2, after);
        try (var row = select.executeQuery()) {
            return row.next() ? OptionalLong.of(row.getLong(1)) : OptionalLong.empty();
        }
    }

    private void replaceRow(SqliteSession session, long device, long first, NavigableMap<Long, Receipt> receipts)
            throws SQLException {
        var delete = session.prepare("DELETE FROM receipt WHERE device = ? AND first = ?");
        delete.setLong(1, device);
        delete.setLong(2, first);
        delete.executeUpdate();
        insert(session, device, receipts);
    }

    private void insert(SqliteSession session, long device, NavigableMap<Long, Receipt> receipts) throws SQLException {
        var row = new ArrayList<Receipt>(MAX_RECEIPTS_PER_ROW);
        for (var receipt : receipts.values()) {
            row.add(receipt);
            if (row.size() == MAX_RECEIPTS_PER_ROW) {
                insertRow(session, device, row);
                row.clear();
            }
        }
        if (!row.isEmpty()) {
            insertRow(session, device, row);
        }
    }

    private void insertRow(SqliteSession session, long device, List<Receipt> row) throws SQLException {
        long first = Sequences.toSortable(row.getFirst().sequence());
        var out = new ByteWriter();
        out.ensureCapacity(1 + ByteWriter.MAX_VARINT_BYTES);
        out.put(VERSION);
        out.putVarint(row.size());
        long previous = first;
        var byPatient = new LinkedHashMap<Long, List<Receipt>>();
        for (var receipt : row) {
            boolean isForgotten =
                    receipt.isForgotten() || keyOf(receipt.patient()).isEmpty();
            long sortable = Sequences.toSortable(receipt.sequence());
            out.ensureCapacity(2 * ByteWriter.MAX_VARINT_BYTES);
            out.putVarint(sortable - previous);
            out.putVarint((receipt.patient() << 1) | (isForgotten ? 1 : 0));
            if (!isForgotten) {
                byPatient
                        .computeIfAbsent(receipt.patient(), _ -> new ArrayList<>())
                        .add(receipt);
            }
            previous = sortable;
        }
        for (var entry : byPatient.entrySet()) {
            var part = sealPart(session, device, first, entry.getKey(), entry.getValue());
            out.ensureCapacity(ByteWriter.MAX_VARINT_BYTES + part.length);
            out.putVarint(part.length);
            out.putBytes(part);
        }
        var insert = session.prepare("INSERT INTO receipt VALUES (?, ?, ?, ?)");
        insert.setLong(1, device);
        insert.setLong(2, first);
        insert.setInt(3, row.size());
        insert.setBytes(4, seal(session, vault.storeKey(), AssociatedData.ofReceipts(device, first), out));
        insert.executeUpdate();
    }

    private byte[] sealPart(SqliteSession session, long device, long first, long patient, List<Receipt> receipts) {
        var out = new ByteWriter();
        receipts.forEach(receipt -> receipt.acknowledged().write(out));
        var key = keyOf(patient).orElseThrow();
        return seal(session, key, AssociatedData.ofReceiptsOfPatient(device, first, patient), out);
    }

    private static byte[] seal(SqliteSession session, SecretKey key, byte[] associatedData, ByteWriter out) {
        return session.codecs().aesGcm.seal(key, associatedData, out.bytes(), 0, out.position());
    }
}
