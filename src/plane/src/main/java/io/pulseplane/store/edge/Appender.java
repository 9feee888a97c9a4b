package io.pulseplane.store.edge;

import io.pulseplane.store.Receipt;
import io.pulseplane.store.Tally;
import io.pulseplane.store.edge.Backlog.Written;
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
final class Appender {

    private final KeyVault vault;
    private final Numbers numbers;
    private final Journal journal;
    private final Backlog backlog;
    private final SeriesReader reader;
    private final ReceiptRows receiptRows;
    private final LongSupplier now;

    /** What the batches of the group bring that stand before the one in hand. */
    private final List<Written> written = new ArrayList<>();

    private final Map<Long, List<Piece>> pieces = new HashMap<>();
    private final Map<Backlog.BatchOf, Sent> sent = new HashMap<>();

    Appender(
            KeyVault vault,
            Numbers numbers,
            Journal journal,
            Backlog backlog,
            SeriesReader reader,
            ReceiptRows receiptRows,
            LongSupplier now) {
        this.vault = vault;
        this.numbers = numbers;
        this.journal = journal;
        this.backlog = backlog;
        this.reader = reader;
        this.receiptRows = receiptRows;
        this.now = now;
    }

    List<Receipt> append(Session session, List<ScreenedBatch> group) throws SQLException {
        long time = now.getAsLong();
        written.clear();
        pieces.clear();
        sent.clear();
        journal.begin(session);
        var receipts = new ArrayList<Receipt>(group.size());
        for (var batch : group) {
            receipts.add(append(session, batch, time));
        }
        if (!journal.isEmpty()) {
            journal.write(session);
        }
        return receipts;
    }

    /** Called after the commit. Says how many bytes the journal got. */
    long committed() {
        if (written.isEmpty()) {
            return 0;
        }
        backlog.add(written, journal.bytes());
        return journal.bytes();
    }

    private Receipt append(Session session, ScreenedBatch batch, long time) throws SQLException {
        var device = numbers.device(session, batch.device());
        if (device != null) {
            var earlier = earlier(session, device, batch.sequence());
            if (earlier != null) {
                return earlier.answer(batch);
            }
        }
        var patient = numbers.patient(session, batch.patient(), time);
        if (patient.isEmpty()) {
            return new Receipt.PatientErased();
        }
        if (device == null) {
            device = numbers.newDevice(session, batch.device(), patient.getAsLong(), time);
        }
        return store(session, batch, patient.getAsLong(), device, time);
    }

    /** What was answered when this sequence was first used; null if it never was. */
    private Sent earlier(Session session, Numbers.KnownDevice device, long sequence) throws SQLException {
        if (Long.compareUnsigned(sequence, device.lastSequence) > 0) {
            return null;
        }
        var known = sent.get(new Backlog.BatchOf(device.number, sequence));
        if (known == null) {
            known = backlog.sent(device.number, sequence);
        }
        return known == null ? receiptRows.find(session, device.number, sequence) : known;
    }

    private Receipt store(Session session, ScreenedBatch batch, long patient, Numbers.KnownDevice device, long time)
            throws SQLException {
        var tally = new Tally(batch);
        var series = new long[batch.blocks().size()];
        int count = 0;
        var fresh = new ArrayList<Columns>(series.length);
        for (var block : batch.blocks()) {
            var key = numbers.series(session, block.columns().series(), patient, device.number);
            int before = tally.fresh().size();
            sift(session, patient, key, block, tally);
            if (tally.fresh().size() > before) {
                var columns = tally.fresh().getLast();
                key.lastTime = Math.max(key.lastTime, columns.lastTime());
                series[count++] = key.number;
                fresh.add(columns);
            }
        }
        var receipt = tally.receipt();
        var receiptOf = Sent.of(batch, receipt.acknowledgement());
        var entry = journal.put(
                session, patient, device.number, batch.device(), time, receiptOf, Arrays.copyOf(series, count), fresh);
        device.lastSequence = Sequences.later(device.lastSequence, batch.sequence());
        remember(entry);
        return receipt;
    }

    private void remember(Written entry) {
        written.add(entry);
        sent.put(new Backlog.BatchOf(entry.device(), entry.sent().sequence()), entry.sent());
        for (int i = 0; i < entry.pieces().length; i++) {
            pieces.computeIfAbsent(entry.series()[i], _ -> new ArrayList<>(1)).add(entry.pieces()[i]);
        }
    }

    private void sift(Session session, long patient, Numbers.KnownSeries series, ScreenedBatch.Block block, Tally tally)
            throws SQLException {
        var columns = block.columns();
        if (columns.firstTime() > series.lastTime) {
            tally.allFresh(block);
            return;
        }
        var key = vault.key(patient).orElseThrow();
        var there = reader.known(
                session,
                series.number,
                key,
                new TimeRange(columns.firstTime(), columns.lastTime() + 1),
                pieces.getOrDefault(series.number, List.of()));
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
            tally.allFresh(block);
        } else {
            tally.partlyFresh(block, known, conflicting);
        }
    }
}
