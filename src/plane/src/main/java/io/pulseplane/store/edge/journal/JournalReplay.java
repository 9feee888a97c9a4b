package io.pulseplane.store.edge.journal;

import io.pulseplane.store.edge.sqlite.SqliteErrors;
import io.pulseplane.store.edge.sqlite.SqliteSession;
import io.pulseplane.store.edge.tables.LostBatchTable;
import io.pulseplane.store.edge.tables.LostBatchTable.LostBatch;
import java.lang.System.Logger.Level;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Reads the journal into the memtable at a start, and remembers which batches of it are lost. For one thread. */
public final class JournalReplay {

    private static final System.Logger LOG = System.getLogger(JournalReplay.class.getName());

    /** Monitors send within this time what they measure. */
    private static final long SENDING_US = TimeUnit.MINUTES.toMicros(1);

    /** More of them would not help an operator; the count is logged, and `store verify` lists them. */
    private static final int MAX_LOGGED = 20;

    private final Journal journal;
    private final LostBatches lostBatches;

    private final List<LostBatch> lost = new ArrayList<>();

    /** Losses after the last batch that could be read. */
    private final List<JournalLoss> open = new ArrayList<>();

    /** When the last batch was stored that could be read, here or before the last compaction. */
    private long lastStoredAt;

    private long lastEntry;
    private long losses;

    public JournalReplay(Journal journal, LostBatches lostBatches) {
        this.journal = journal;
        this.lostBatches = lostBatches;
    }

    /**
     * Reads on until the memtable holds so much. What cannot be read is logged.
     *
     * @return whether that was the end of the journal
     */
    public boolean read(SqliteSession session, Memtable memtable, long maxBytes, long maxBatches) throws SQLException {
        if (lastEntry == 0) {
            lastStoredAt = lastSeenOfDevices(session);
        }
        return journal.visit(
                session,
                lastEntry,
                (entry, bytes, batches) -> {
                    if (!batches.isEmpty()) {
                        closeLosses(batches.getLast().time());
                        lastStoredAt = batches.getLast().time();
                    }
                    memtable.add(batches, bytes);
                    lastEntry = entry;
                    return memtable.bytes() < maxBytes && memtable.batches() < maxBatches;
                },
                loss -> {
                    if (++losses <= MAX_LOGGED) {
                        LOG.log(Level.ERROR, "Entry {0} of the journal: {1}", loss.entry(), loss.description());
                    }
                    if (loss.isFinal()) {
                        open.add(loss);
                    }
                });
    }

    /** When a batch was stored before the last compaction; 0 if a damaged page hides it. */
    private static long lastSeenOfDevices(SqliteSession session) throws SQLException {
        try (var row = session.prepare("SELECT coalesce(max(last_seen_us), 0) FROM device")
                .executeQuery()) {
            row.next();
            return row.getLong(1);
        } catch (SQLException e) {
            if (!SqliteErrors.isDamage(e)) {
                throw e;
            }
            return 0;
        }
    }

    private void closeLosses(long storedUntil) {
        for (var loss : open) {
            lost.add(new LostBatch(
                    loss.entry(),
                    loss.batch(),
                    loss.patient(),
                    Math.max(0, lastStoredAt - SENDING_US),
                    Math.max(lastStoredAt, storedUntil)));
        }
        open.clear();
    }

    /** Writes what is lost into its table, from which queries learn of it. */
    public void recordLosses(SqliteSession session, long now) throws SQLException {
        closeLosses(now);
        var known = new HashSet<String>();
        for (var batch : LostBatchTable.list(session)) {
            known.add(place(batch));
        }
        for (var batch : lost) {
            // A damaged entry that is still there was found by an earlier start, too.
            if (known.add(place(batch))) {
                LostBatchTable.add(session, batch);
            }
        }
        if (losses > MAX_LOGGED) {
            LOG.log(Level.ERROR, "{0} losses in the journal in all", losses);
        }
        lostBatches.set(LostBatchTable.list(session));
    }

    private static String place(LostBatch batch) {
        return batch.entry() + "/" + batch.batch();
    }
}
