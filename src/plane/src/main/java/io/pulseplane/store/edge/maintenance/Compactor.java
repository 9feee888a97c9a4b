package io.pulseplane.store.edge.maintenance;

import io.pulseplane.store.edge.journal.Journal;
import io.pulseplane.store.edge.journal.Memtable;
import io.pulseplane.store.edge.journal.Memtable.FlushSnapshot;
import io.pulseplane.store.edge.journal.Memtable.LastSeen;
import io.pulseplane.store.edge.journal.MergeBuffer;
import io.pulseplane.store.edge.keys.KeyVault;
import io.pulseplane.store.edge.sqlite.BlockingWriter;
import io.pulseplane.store.edge.sqlite.SqliteSession;
import io.pulseplane.store.edge.tables.ChunkTable;
import io.pulseplane.store.edge.tables.DeviceTable;
import io.pulseplane.store.edge.tables.Receipt;
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

/**
 * Compacts the journal into chunks. The maintenance thread reads, merges and encodes. The thread that writes gets
 * transactions of a bounded size, so that an acknowledgement never waits long for one of them.
 *
 * <p>The last transaction deletes the entries of the journal, after all their readings are in chunks. If the plane dies
 * before it, the next start reads the entries again, and the next compaction merges their readings with the chunks that
 * have them.
 */
public final class Compactor {

    private static final System.Logger LOG = System.getLogger(Compactor.class.getName());

    /** The size of the chunks that one transaction writes, in some milliseconds. */
    private static final long BYTES_PER_TRANSACTION = 512L << 10;

    private static final int SERIES_PER_TRANSACTION = 128;
    private static final int DEVICES_PER_TRANSACTION = 16;

    private final SqliteSession session;
    private final BlockingWriter writer;
    private final Memtable memtable;
    private final Journal journal;
    private final KeyVault vault;
    private final ReceiptTable receipts;
    private final PagePacker pagePacker;

    public Compactor(
            SqliteSession session,
            BlockingWriter writer,
            Memtable memtable,
            Journal journal,
            KeyVault vault,
            ReceiptTable receipts)
            throws SQLException {
        this.session = session;
        this.writer = writer;
        this.memtable = memtable;
        this.journal = journal;
        this.vault = vault;
        this.receipts = receipts;
        this.pagePacker = new PagePacker((int) session.pragma("page_size"));
    }

    /** Compacts everything that is in the journal now. */
    public void compact() throws SQLException {
        var snapshot = writer.transaction(_ -> memtable.snapshot());
        if (snapshot.isEmpty()) {
            return;
        }
        boolean isComplete = writeChunks();
        writeReceipts(snapshot);
        var lastSeen = new HashMap<>(memtable.lastSeen());
        writer.transaction(
                session -> {
                    for (var device : lastSeen.values()) {
                        DeviceTable.updateLastSeen(session, device.device(), device.lastSequence(), device.time());
                    }
                    journal.deleteUpTo(session, snapshot.lastEntry(), isComplete);
                    return lastSeen;
                },
                // Batches that came after the snapshot are about as old as the latest one here.
                written -> memtable.removeFlushed(snapshot, written, latestTime(written)));
    }

    private static long latestTime(Map<String, LastSeen> lastSeen) {
        return lastSeen.values().stream().mapToLong(LastSeen::time).max().orElse(0);
    }

    /** Returns whether all could be written: of a patient whose key is damaged or missing, nothing can. */
    private boolean writeChunks() throws SQLException {
        boolean isComplete = true;
        var plans = new ArrayList<CompactionPlanner.Plan>();
        var flushed = new HashMap<Long, Memtable.SeriesChunks>();
        long bytes = 0;
        for (var entry : memtable.chunksBySeries().entrySet()) {
            try {
                var plan = plan(entry.getKey(), entry.getValue());
                flushed.put(entry.getKey(), entry.getValue());
                if (plan != null) {
                    plans.add(plan);
                    bytes += plan.bytes();
                }
            } catch (PlaneException.DataLoss e) {
                isComplete = false;
                LOG.log(
                        Level.ERROR,
                        "Readings of patient number " + entry.getValue().patient() + " stay in the journal: "
                                + e.getMessage());
            }
            if (bytes >= BYTES_PER_TRANSACTION || flushed.size() >= SERIES_PER_TRANSACTION) {
                apply(plans, flushed);
                plans.clear();
                flushed.clear();
                bytes = 0;
            }
        }
        apply(plans, flushed);
        return isComplete;
    }

    /** Null if there is no key to seal chunks under, because the patient was erased meanwhile. */
    private CompactionPlanner.Plan plan(long series, Memtable.SeriesChunks chunks) throws SQLException {
        var key = vault.key(chunks.patient());
        if (key.isEmpty()) {
            return null;
        }
        var readings = new MergeBuffer();
        for (var chunk : chunks.asList()) {
            readings.add(
                    session.codecs().chunkReader.open(chunk.chunk()),
                    TimeRange.ALL,
                    Order.OLDEST_FIRST,
                    Integer.MAX_VALUE);
        }
        return CompactionPlanner.plan(session, series, key.get(), readings.merge());
    }

    private void apply(List<CompactionPlanner.Plan> plans, Map<Long, Memtable.SeriesChunks> flushed)
            throws SQLException {
        if (flushed.isEmpty()) {
            return;
        }
        writer.transaction(
                session -> {
                    var newChunks = new ArrayList<ChunkTable.NewChunk>();
                    for (var plan : plans) {
                        // A patient may have been erased since the plan was made; then there is no key, and nothing is
                        // written.
                        if (vault.key(flushed.get(plan.series()).patient()).isPresent()) {
                            plan.removeReplaced(session);
                            newChunks.addAll(plan.newChunks());
                        }
                    }
                    for (var chunk : pagePacker.inPackingOrder(newChunks)) {
                        ChunkTable.insert(session, chunk);
                    }
                    return plans;
                },
                _ -> flushed.forEach(memtable::removeFlushed));
    }

    private void writeReceipts(FlushSnapshot snapshot) throws SQLException {
        var byDevice = new HashMap<Long, List<Receipt>>();
        snapshot.acknowledged()
                .forEach((batch, receipt) -> byDevice.computeIfAbsent(batch.device(), _ -> new ArrayList<>())
                        .add(receipt));
        var devices = new ArrayList<>(byDevice.keySet());
        for (int from = 0; from < devices.size(); from += DEVICES_PER_TRANSACTION) {
            var part = devices.subList(from, Math.min(from + DEVICES_PER_TRANSACTION, devices.size()));
            writer.transaction(session -> {
                for (long device : part) {
                    receipts.add(session, device, byDevice.get(device));
                }
                return part;
            });
        }
    }
}
