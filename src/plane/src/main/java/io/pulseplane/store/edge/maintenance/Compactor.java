package io.pulseplane.store.edge.maintenance;

import io.pulseplane.store.edge.journal.Journal;
import io.pulseplane.store.edge.journal.Memtable;
import io.pulseplane.store.edge.journal.Memtable.FlushSnapshot;
import io.pulseplane.store.edge.journal.Memtable.LastSeen;
import io.pulseplane.store.edge.journal.MergeBuffer;
import io.pulseplane.store.edge.keys.KeyVault;
import io.pulseplane.store.edge.sqlite.BlockingWriter;
import io.pulseplane.store.edge.sqlite.SqliteSession;
import io.pulseplane.store.edge.tables.AcknowledgedBatch;
import io.pulseplane.store.edge.tables.ChunkTable;
import io.pulseplane.store.edge.tables.DeviceTable;
import io.pulseplane.store.edge.tables.ReceiptTable;
import io.pulseplane.vitals.Order;
import io.pulseplane.vitals.PlaneException;
import io.pulseplane.vitals.TimeRange;
import java.lang.System.Logger.Level;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.crypto.SecretKey;

/**
 * Moves what the journal keeps into chunks. Reading, joining and encoding is done here; the thread that writes gets
 * transactions of a bounded size, so that an acknowledgement never waits long for one.
 *
 * <p>The entries are deleted in the last transaction, after everything they had is in chunks. If the plane dies before, they
 * are read again, and what is in chunks already is found to be known.
 */
public final class Compactor {

    private static final System.Logger LOG = System.getLogger(Compactor.class.getName());

    /** Of chunks in one transaction: some milliseconds. */
    private static final long BYTES_PER_TRANSACTION = 512L << 10;

    private static final int SERIES_PER_TRANSACTION = 128;
    private static final int DEVICES_PER_TRANSACTION = 16;

    private final SqliteSession session;
    private final BlockingWriter writer;
    private final Memtable memtable;
    private final KeyVault vault;
    private final ReceiptTable receipts;
    private final PagePacker pagePacker;

    public Compactor(
            SqliteSession session, BlockingWriter writer, Memtable backlog, KeyVault vault, ReceiptTable receipts)
            throws SQLException {
        this.session = session;
        this.writer = writer;
        this.memtable = backlog;
        this.vault = vault;
        this.receipts = receipts;
        this.pagePacker = new PagePacker((int) session.pragma("page_size"));
    }

    /** Everything that is in the journal now. */
    void compact() throws SQLException {
        var cut = writer.transaction(_ -> memtable.snapshot());
        if (cut.isEmpty()) {
            return;
        }
        writeChunks();
        writeReceipts(cut);
        var seen = new HashMap<>(memtable.lastSeen());
        writer.transaction(
                session -> {
                    for (var last : seen.values()) {
                        DeviceTable.updateLastSeen(session, last.device(), last.lastSequence(), last.time());
                    }
                    Journal.deleteUpTo(session, cut.lastEntry());
                    return seen;
                },
                written -> memtable.removeFlushed(cut, written, latestTime(written)));
    }

    /** What came after the cut is about this old. */
    private static long latestTime(Map<String, LastSeen> written) {
        return written.values().stream().mapToLong(LastSeen::time).max().orElse(0);
    }

    private void writeChunks() throws SQLException {
        var plans = new ArrayList<CompactionPlanner.Plan>();
        var tails = new HashMap<Long, Memtable.SeriesChunks>();
        long bytes = 0;
        for (var entry : memtable.chunksBySeries().entrySet()) {
            var plan = plan(entry.getKey(), entry.getValue());
            tails.put(entry.getKey(), entry.getValue());
            if (plan != null) {
                plans.add(plan);
                bytes += plan.bytes();
            }
            if (bytes >= BYTES_PER_TRANSACTION || tails.size() >= SERIES_PER_TRANSACTION) {
                apply(plans, tails);
                plans.clear();
                tails.clear();
                bytes = 0;
            }
        }
        apply(plans, tails);
    }

    /** Null if the patient was erased meanwhile, or the patient's key is damaged, so that nothing can be sealed any more. */
    private CompactionPlanner.Plan plan(long series, Memtable.SeriesChunks tail) throws SQLException {
        var key = keyOf(tail.patient());
        if (key.isEmpty()) {
            return null;
        }
        var gathering = new MergeBuffer();
        for (var piece : tail.asList()) {
            gathering.add(
                    session.codecs().chunkReader.open(piece.chunk()),
                    TimeRange.ALL,
                    Order.OLDEST_FIRST,
                    Integer.MAX_VALUE);
        }
        return CompactionPlanner.plan(session, series, key.get(), gathering.merge());
    }

    private Optional<SecretKey> keyOf(long patient) throws SQLException {
        try {
            return vault.key(patient);
        } catch (PlaneException.DataLoss _) {
            LOG.log(Level.ERROR, "The key of patient number {0} is damaged, and what came lately is lost", patient);
            return Optional.empty();
        }
    }

    private void apply(List<CompactionPlanner.Plan> plans, Map<Long, Memtable.SeriesChunks> tails) throws SQLException {
        if (tails.isEmpty()) {
            return;
        }
        writer.transaction(
                session -> {
                    var fresh = new ArrayList<ChunkTable.NewChunk>();
                    for (var plan : plans) {
                        // Who was erased since the plan was made has no key any more, and must leave nothing behind.
                        if (vault.key(tails.get(plan.series()).patient()).isPresent()) {
                            plan.removeReplaced(session);
                            fresh.addAll(plan.newChunks());
                        }
                    }
                    for (var chunk : pagePacker.inPackingOrder(fresh)) {
                        ChunkTable.insert(session, chunk);
                    }
                    return plans;
                },
                _ -> tails.forEach(memtable::removeFlushed));
    }

    private void writeReceipts(FlushSnapshot cut) throws SQLException {
        var byDevice = new HashMap<Long, List<AcknowledgedBatch>>();
        cut.acknowledged()
                .forEach((batch, answer) -> byDevice.computeIfAbsent(batch.device(), _ -> new ArrayList<>())
                        .add(answer.acknowledged()));
        var devices = new ArrayList<>(byDevice.keySet());
        for (int from = 0; from < devices.size(); from += DEVICES_PER_TRANSACTION) {
            var some = devices.subList(from, Math.min(from + DEVICES_PER_TRANSACTION, devices.size()));
            writer.transaction(session -> {
                for (long device : some) {
                    receipts.add(session, device, byDevice.get(device));
                }
                return some;
            });
        }
    }
}
