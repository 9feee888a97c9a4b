package io.pulseplane.store.edge.journal;

import io.pulseplane.store.AppendResult;
import io.pulseplane.store.AppendResultBuilder;
import io.pulseplane.store.edge.journal.Memtable.JournalBatch;
import io.pulseplane.store.edge.keys.KeyVault;
import io.pulseplane.store.edge.sqlite.SqliteSession;
import io.pulseplane.store.edge.tables.AcknowledgedBatch;
import io.pulseplane.store.edge.tables.ErasureTable;
import io.pulseplane.store.edge.tables.Receipt;
import io.pulseplane.store.edge.tables.ReceiptTable;
import io.pulseplane.store.edge.tables.Sequences;
import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.PlaneException;
import io.pulseplane.vitals.ScreenedBatch;
import io.pulseplane.vitals.TimeRange;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * Appends groups of batches to the journal, inside the transaction of the caller. It belongs to the thread that writes.
 *
 * <p>While the readings of a series come in order of time, each batch costs one comparison. Only readings that come
 * late are compared with those that are stored.
 */
public final class Appender {

    private final KeyVault vault;
    private final IdDictionary idDictionary;
    private final Journal journal;
    private final Memtable memtable;
    private final SeriesReader seriesReader;
    private final ReceiptTable receipts;
    private final LongSupplier now;

    /** Batches, chunks and receipts of the present group, which the memtable does not have yet. */
    private final List<JournalBatch> groupBatches = new ArrayList<>();

    private final Map<Long, List<MemtableChunk>> groupChunks = new HashMap<>();
    private final Map<Memtable.BatchKey, Receipt> groupReceipts = new HashMap<>();

    public Appender(
            KeyVault vault,
            IdDictionary idDictionary,
            Journal journal,
            Memtable memtable,
            SeriesReader seriesReader,
            ReceiptTable receipts,
            LongSupplier now) {
        this.vault = vault;
        this.idDictionary = idDictionary;
        this.journal = journal;
        this.memtable = memtable;
        this.seriesReader = seriesReader;
        this.receipts = receipts;
        this.now = now;
    }

    /** Appends a group. The caller commits, and then calls {@link #publishCommitted}. */
    public List<AppendResult> append(SqliteSession session, List<ScreenedBatch> group) throws SQLException {
        long time = now.getAsLong();
        groupBatches.clear();
        groupChunks.clear();
        groupReceipts.clear();
        journal.beginEntry(session);
        var results = new ArrayList<AppendResult>(group.size());
        for (var batch : group) {
            results.add(append(session, batch, time));
        }
        if (!journal.isEmpty()) {
            journal.insertEntry(session);
        }
        return results;
    }

    /**
     * Makes the group visible to queries, after it was committed.
     *
     * @return how many bytes the journal grew by
     */
    public long publishCommitted() {
        if (groupBatches.isEmpty()) {
            return 0;
        }
        memtable.add(groupBatches, journal.entryBytes());
        return journal.entryBytes();
    }

    private AppendResult append(SqliteSession session, ScreenedBatch batch, long time) throws SQLException {
        var device = idDictionary.findDevice(session, batch.device());
        AcknowledgedBatch acknowledged = null;
        if (device != null) {
            var receipt = findReceipt(session, device, batch.sequence());
            if (receipt != null && receipt.isForgotten()) {
                var refusal = resultAfterErasure(session, receipt, batch);
                if (refusal != null) {
                    return refusal;
                }
            }
            acknowledged = receipt == null ? null : receipt.acknowledged();
            if (acknowledged != null && !acknowledged.isOutdatedBy(batch)) {
                return acknowledged.resultFor(batch);
            }
        }
        var patient = idDictionary.findOrInsertPatient(session, batch.patient(), time);
        if (patient.isEmpty()) {
            return new AppendResult.PatientErased();
        }
        if (!hasKey(patient.getAsLong())) {
            return new AppendResult.PatientUnreadable();
        }
        if (device == null) {
            device = idDictionary.insertDevice(session, batch.device(), patient.getAsLong(), time);
        }
        return store(session, batch, acknowledged, patient.getAsLong(), device, time);
    }

    /**
     * The result for a batch under the sequence of a receipt that nobody can read. It may be a batch of the patient who
     * was erased, and must not become one of another patient of the same id.
     *
     * @return null if no erasure is the cause: then the batch is stored, and readings that are there are duplicates
     */
    private AppendResult resultAfterErasure(SqliteSession session, Receipt receipt, ScreenedBatch batch)
            throws SQLException {
        boolean wasErased = idDictionary.wasErased(session, batch.patient());
        if (wasErased && !idDictionary.isRegistered(session, batch.patient())) {
            return new AppendResult.PatientErased();
        }
        return wasErased || ErasureTable.isErased(session, receipt.patient())
                ? new AppendResult.SequenceConflict()
                : null;
    }

    private boolean hasKey(long patient) throws SQLException {
        try {
            return vault.key(patient).isPresent();
        } catch (PlaneException.DataLoss _) {
            return false;
        }
    }

    /** The receipt of the batch that the device sent with this sequence; null if there is none. */
    private Receipt findReceipt(SqliteSession session, IdDictionary.CachedDevice device, long sequence)
            throws SQLException {
        if (Long.compareUnsigned(sequence, device.lastSequence) > 0) {
            return null;
        }
        var batch = new Memtable.BatchKey(device.number, sequence);
        var receipt = groupReceipts.get(batch);
        if (receipt == null) {
            receipt = memtable.receipt(batch);
        }
        return receipt == null ? receipts.find(session, device.number, sequence) : receipt;
    }

    /** @param earlier what the batch was answered when it first came; null if it has not come before */
    private AppendResult store(
            SqliteSession session,
            ScreenedBatch batch,
            AcknowledgedBatch earlier,
            long patient,
            IdDictionary.CachedDevice device,
            long time)
            throws SQLException {
        var result = new AppendResultBuilder(batch);
        var seriesNumbers = new long[batch.blocks().size()];
        int count = 0;
        var newReadings = new ArrayList<Columns>(seriesNumbers.length);
        for (var block : batch.blocks()) {
            var series =
                    idDictionary.findOrInsertSeries(session, block.columns().series(), patient, device.number);
            int sizeBefore = result.newReadings().size();
            deduplicate(session, patient, series, block, result);
            if (result.newReadings().size() > sizeBefore) {
                var columns = result.newReadings().getLast();
                series.lastTime = Math.max(series.lastTime, columns.lastTime());
                seriesNumbers[count++] = series.number;
                newReadings.add(columns);
            }
        }
        var stored = earlier == null ? result.build() : result.buildAfter(earlier.acknowledgement(batch.device()));
        trackBatch(journal.appendBatch(
                session,
                patient,
                device.number,
                batch.device(),
                time,
                AcknowledgedBatch.of(batch, stored.acknowledgement()),
                Arrays.copyOf(seriesNumbers, count),
                newReadings));
        device.lastSequence = Sequences.max(device.lastSequence, batch.sequence());
        return stored;
    }

    private void trackBatch(JournalBatch batch) {
        groupBatches.add(batch);
        groupReceipts.put(
                new Memtable.BatchKey(batch.device(), batch.acknowledged().sequence()),
                Receipt.of(batch.patient(), batch.acknowledged()));
        for (int i = 0; i < batch.chunks().length; i++) {
            groupChunks
                    .computeIfAbsent(batch.series()[i], _ -> new ArrayList<>(1))
                    .add(batch.chunks()[i]);
        }
    }

    private void deduplicate(
            SqliteSession session,
            long patient,
            IdDictionary.CachedSeries series,
            ScreenedBatch.Block block,
            AppendResultBuilder result)
            throws SQLException {
        var columns = block.columns();
        if (columns.firstTime() > series.lastTime) {
            result.addAllNew(block);
            return;
        }
        var key = vault.key(patient).orElseThrow();
        var stored = seriesReader.readStored(
                session,
                series.number,
                key,
                new TimeRange(columns.firstTime(), columns.lastTime() + 1),
                groupChunks.getOrDefault(series.number, List.of()));
        var duplicates = new BitSet();
        var conflicting = new BitSet();
        int next = 0;
        for (int i = 0; i < columns.size() && next < stored.size(); i++) {
            while (next < stored.size() && stored.times()[next] < columns.times()[i]) {
                next++;
            }
            if (next < stored.size() && stored.times()[next] == columns.times()[i]) {
                boolean same = Double.doubleToRawLongBits(stored.values()[next])
                        == Double.doubleToRawLongBits(columns.values()[i]);
                (same ? duplicates : conflicting).set(i);
            }
        }
        if (duplicates.isEmpty() && conflicting.isEmpty()) {
            result.addAllNew(block);
        } else {
            result.addPartlyNew(block, duplicates, conflicting);
        }
    }
}
