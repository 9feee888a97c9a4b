package io.pulseplane.store.edge;

import io.pulseplane.store.Receipt;
import io.pulseplane.store.Rejections;
import io.pulseplane.store.Tally;
import io.pulseplane.vitals.Acknowledgement;
import io.pulseplane.vitals.ScreenedBatch;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;

/** Puts groups of batches into the tables, inside the transaction of the caller. */
final class Appender {

    private final Numbers numbers;
    private final LongSupplier now;

    Appender(Numbers numbers, LongSupplier now) {
        this.numbers = numbers;
        this.now = now;
    }

    List<Receipt> append(Session session, List<ScreenedBatch> group) throws SQLException {
        long time = now.getAsLong();
        var receipts = new ArrayList<Receipt>(group.size());
        Map<Long, Long> lastSequences = new LinkedHashMap<>();
        for (var batch : group) {
            long patient = numbers.patient(session, batch.patient(), time);
            long device = numbers.device(session, batch.device(), patient, time);
            var receipt = earlier(session, batch, device);
            if (receipt == null) {
                receipt = store(session, batch, patient, device);
                lastSequences.merge(device, batch.sequence(), Appender::later);
            }
            receipts.add(receipt);
        }
        for (var entry : lastSequences.entrySet()) {
            DeviceRows.seen(session, entry.getKey(), entry.getValue(), time);
        }
        return receipts;
    }

    private static long later(long a, long b) {
        return Long.compareUnsigned(a, b) >= 0 ? a : b;
    }

    /** What was answered when this sequence was first used; null if it never was. */
    private static Receipt earlier(Session session, ScreenedBatch batch, long device) throws SQLException {
        var select = session.prepare(
                "SELECT digest, accepted, duplicates, rejections FROM batch WHERE device = ? AND sequence = ?");
        select.setLong(1, device);
        select.setLong(2, batch.sequence());
        try (var row = select.executeQuery()) {
            if (!row.next()) {
                return null;
            }
            if (row.getLong(1) != batch.digest()) {
                return new Receipt.SequenceReused();
            }
            return new Receipt.Repeated(new Acknowledgement(
                    batch.device(),
                    batch.sequence(),
                    row.getInt(2),
                    row.getInt(3),
                    Rejections.decode(row.getBytes(4))));
        }
    }

    private Receipt store(Session session, ScreenedBatch batch, long patient, long device) throws SQLException {
        var tally = new Tally(batch);
        for (var block : batch.blocks()) {
            insert(session, numbers.series(session, block.columns().series(), patient, device), block, tally);
        }
        var receipt = tally.receipt();
        insertBatch(session, batch, device, receipt.acknowledgement());
        return receipt;
    }

    private static void insert(Session session, long series, ScreenedBatch.Block block, Tally tally)
            throws SQLException {
        var columns = block.columns();
        var insert = session.prepare("INSERT INTO reading VALUES (?, ?, ?) ON CONFLICT DO NOTHING");
        insert.setLong(1, series);
        BitSet known = null;
        BitSet conflicting = null;
        for (int i = 0; i < columns.size(); i++) {
            insert.setLong(2, columns.times()[i]);
            insert.setDouble(3, columns.values()[i]);
            if (insert.executeUpdate() == 0) {
                known = known == null ? new BitSet(columns.size()) : known;
                conflicting = conflicting == null ? new BitSet() : conflicting;
                (isStored(session, series, columns.times()[i], columns.values()[i]) ? known : conflicting).set(i);
            }
        }
        if (known == null) {
            tally.allFresh(block);
        } else {
            tally.partlyFresh(block, known, conflicting);
        }
    }

    private static boolean isStored(Session session, long series, long time, double value) throws SQLException {
        var select = session.prepare("SELECT value FROM reading WHERE series = ? AND time_us = ?");
        select.setLong(1, series);
        select.setLong(2, time);
        try (var row = select.executeQuery()) {
            row.next();
            return Double.doubleToRawLongBits(row.getDouble(1)) == Double.doubleToRawLongBits(value);
        }
    }

    private static void insertBatch(Session session, ScreenedBatch batch, long device, Acknowledgement acknowledgement)
            throws SQLException {
        var insert = session.prepare("INSERT INTO batch VALUES (?, ?, ?, ?, ?, ?)");
        insert.setLong(1, device);
        insert.setLong(2, batch.sequence());
        insert.setLong(3, batch.digest());
        insert.setInt(4, acknowledgement.accepted());
        insert.setInt(5, acknowledgement.duplicates());
        insert.setBytes(6, Rejections.encode(acknowledgement.rejections()));
        insert.executeUpdate();
    }
}
