package io.pulseplane.store.edge.journal;

import io.pulseplane.store.AppendResult;
import io.pulseplane.store.AppendResultBuilder;
import io.pulseplane.store.edge.journal.Memtable.JournalBatch;
import io.pulseplane.store.edge.keys.KeyVault;
import io.pulseplane.store.edge.sqlite.SqliteSession;
import io.pulseplane.store.edge.tables.AcknowledgedBatch;
import io.pulseplane.store.edge.tables.ReceiptTable;
import io.pulseplane.store.edge.tables.Sequences;
import io.pulseplane.vitals.Columns;
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
 * Puts groups of batches into the journal, inside the transaction of the caller. Belongs to the thread that writes.
 *
 * <p>A series whose readings come in order of time costs a comparison each batch. Only what comes late is compared with what
 * is there.
 */
public final class Appender {

    private final KeyVault vault;
    private final IdDictionary idDictionary;
    private final Journal journal;
    private final Memtable memtable;
    private final SeriesReader seriesReader;
    private final ReceiptTable receipts;
    private final LongSupplier now;

    /** What the batches of the group bring that stand before the one in hand. */
    private final List<JournalBatch> groupBatches = new ArrayList<>();

    private final Map<Long, List<MemtableChunk>> groupChunks = new HashMap<>();
    private final Map<Memtable.BatchKey, AcknowledgedBatch> groupAcknowledged = new HashMap<>();

    public Appender(
            KeyVault vault,
            IdDictionary numbers,
            Journal journal,
            Memtable backlog,
            SeriesReader reader,
            ReceiptTable receiptRows,
            LongSupplier now) {
        this.vault = vault;
        this.idDictionary = numbers;
        this.journal = journal;
        this.memtable = backlog;
        this.seriesReader = reader;
        this.receipts = receiptRows;
        this.now = now;
    }

    public List<AppendResult> append(SqliteSession session, List<ScreenedBatch> group) throws SQLException {
        long time = now.getAsLong();
        groupBatches.clear();
        groupChunks.clear();
        groupAcknowledged.clear();
        journal.beginEntry(session);
        var receipts = new ArrayList<AppendResult>(group.size());
        for (var batch : group) {
            receipts.add(append(session, batch, time));
        }
        if (!journal.isEmpty()) {
            journal.insertEntry(session);
        }
        return receipts;
    }

    /** Called after the commit. Says how many bytes the journal got. */
    public long publishCommitted() {
        if (groupBatches.isEmpty()) {
            return 0;
        }
        memtable.add(groupBatches, journal.entryBytes());
        return journal.entryBytes();
    }

    private AppendResult append(SqliteSession session, ScreenedBatch batch, long time) throws SQLException {
        var device = idDictionary.findDevice(session, batch.device());
        if (device != null) {
            var earlier = findAcknowledged(session, device, batch.sequence());
            if (earlier != null) {
                return earlier.resultFor(batch);
            }
        }
        var patient = idDictionary.findOrInsertPatient(session, batch.patient(), time);
        if (patient.isEmpty()) {
            return new AppendResult.PatientErased();
        }
        if (device == null) {
            device = idDictionary.insertDevice(session, batch.device(), patient.getAsLong(), time);
        }
        return store(session, batch, patient.getAsLong(), device, time);
    }

    /** What was answered when this sequence was first used; null if it never was. */
    private AcknowledgedBatch findAcknowledged(SqliteSession session, IdDictionary.CachedDevice device, long sequence)
            throws SQLException {
        if (Long.compareUnsigned(sequence, device.lastSequence) > 0) {
            return null;
        }
        var known = groupAcknowledged.get(new Memtable.BatchKey(device.number, sequence));
        if (known == null) {
            known = memtable.acknowledged(device.number, sequence);
        }
        return known == null ? receipts.find(session, device.number, sequence) : known;
    }

    private AppendResult store(
            SqliteSession session, ScreenedBatch batch, long patient, IdDictionary.CachedDevice device, long time)
            throws SQLException {
        var tally = new AppendResultBuilder(batch);
        var series = new long[batch.blocks().size()];
        int count = 0;
        var fresh = new ArrayList<Columns>(series.length);
        for (var block : batch.blocks()) {
            var key = idDictionary.findOrInsertSeries(session, block.columns().series(), patient, device.number);
            int before = tally.newReadings().size();
            deduplicate(session, patient, key, block, tally);
            if (tally.newReadings().size() > before) {
                var columns = tally.newReadings().getLast();
                key.lastTime = Math.max(key.lastTime, columns.lastTime());
                series[count++] = key.number;
                fresh.add(columns);
            }
        }
        var receipt = tally.build();
        var receiptOf = AcknowledgedBatch.of(batch, receipt.acknowledgement());
        var entry = journal.appendBatch(
                session, patient, device.number, batch.device(), time, receiptOf, Arrays.copyOf(series, count), fresh);
        device.lastSequence = Sequences.max(device.lastSequence, batch.sequence());
        trackBatch(entry);
        return receipt;
    }

    private void trackBatch(JournalBatch entry) {
        groupBatches.add(entry);
        groupAcknowledged.put(
                new Memtable.BatchKey(entry.device(), entry.acknowledged().sequence()), entry.acknowledged());
        for (int i = 0; i < entry.chunks().length; i++) {
            groupChunks
                    .computeIfAbsent(entry.series()[i], _ -> new ArrayList<>(1))
                    .add(entry.chunks()[i]);
        }
    }

    private void deduplicate(
            SqliteSession session,
            long patient,
            IdDictionary.CachedSeries series,
            ScreenedBatch.Block block,
            AppendResultBuilder tally)
            throws SQLException {
        var columns = block.columns();
        if (columns.firstTime() > series.lastTime) {
            tally.addAllNew(block);
            return;
        }
        var key = vault.key(patient).orElseThrow();
        var there = seriesReader.readStored(
                session,
                series.number,
                key,
                new TimeRange(columns.firstTime(), columns.lastTime() + 1),
                groupChunks.getOrDefault(series.number, List.of()));
        var known = new BitSet();
        var conflicting = new BitSet();
        int next = 0;
        for (int i = 0; i < columns.size() && next < there.size(); i++) {
            while (next < there.size() && there.times()[next] < columns.times()[i]) {
                next++;
            }
            if (next < there.size() && there.times()[next] == columns.times()[i]) {
                boolean same = Double.doubleToRawLongBits(there.values()[next])
                        == Double.doubleToRawLongBits(columns.values()[i]);
                (same ? known : conflicting).set(i);
            }
        }
        if (known.isEmpty() && conflicting.isEmpty()) {
            tally.addAllNew(block);
        } else {
            tally.addPartlyNew(block, known, conflicting);
        }
    }
}
