package io.pulseplane.store.edge.maintenance;

import io.pulseplane.store.edge.journal.Memtable;
import io.pulseplane.store.edge.sqlite.BlockingWriter;
import io.pulseplane.store.edge.sqlite.SqliteSession;
import io.pulseplane.store.edge.sqlite.SqliteSession.CheckpointMode;
import io.pulseplane.vitals.PlaneException;
import io.pulseplane.vitals.ScreenedBatch;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Watches over the disk: says no before it is full, makes room if it is told to, and brings the write-ahead log into the
 * database beside the thread that writes.
 */
public final class DiskBudget {

    private static final System.Logger LOG = System.getLogger(DiskBudget.class.getName());

    /** What must be free for the journal to become chunks, and for the log to become the database. */
    static final long RESERVE_BYTES = 64L << 20;

    /** Room is made for a while, and not for one chunk. */
    private static final double HEADROOM_FRACTION = 0.02;

    private static final int CHUNKS_PER_TRANSACTION = 128;

    private static final int PAGES_PER_TRANSACTION = 512;

    /** Two pages, of which one is not full and one is of a table that points to the other, with room to spare. */
    private static final int PAGE_ALLOWANCE_BYTES = 8 * 1024;

    /** Bytes in the journal if nothing can be compressed; those of a batch are besides its readings. */
    private static final int MAX_BATCH_OVERHEAD_BYTES = 256;

    private static final int MAX_BLOCK_OVERHEAD_BYTES = 256;
    private static final int MAX_READING_BYTES = 18;
    private static final int MAX_REJECTION_BYTES = 256;

    /** What in the log is worth a sync of the database. */
    private static final long CHECKPOINT_AFTER_BYTES = 4L << 20;

    /** A log of this size is begun anew, though who writes has to wait for that. */
    private static final long RESTART_AFTER_BYTES = 32L << 20;

    private static final Duration RETRY_WHEN_FULL = Duration.ofSeconds(10);

    private final Path directory;
    private final SqliteSession session;
    private final BlockingWriter writer;
    private final Memtable memtable;
    private final OptionalLong maxBytes;
    private final boolean dropsOldest;

    /** How many bytes there was room for when somebody looked, and what was written since. */
    private volatile long availableBytes = Long.MAX_VALUE;

    private final AtomicLong appendedBytes = new AtomicLong();

    /** Bytes that somebody was refused; nothing once that was seen to. */
    private final AtomicLong refusedBytes = new AtomicLong();

    public DiskBudget(
            Path directory,
            SqliteSession session,
            BlockingWriter writer,
            Memtable backlog,
            OptionalLong budget,
            FullDiskPolicy policy) {
        this.directory = directory;
        this.session = session;
        this.writer = writer;
        this.memtable = backlog;
        this.maxBytes = budget;
        this.dropsOldest = policy == FullDiskPolicy.DROP_OLDEST;
    }

    /**
     * Refuses what might not fit, before anything of it is written: the group as it would be if it could not be compressed.
     *
     * @throws PlaneException.ResourceExhausted if there may be no room for the group; somebody has to look what can be done
     */
    public void refuseIfFull(List<ScreenedBatch> group) {
        long most = maxBytesOf(group);
        if (availableBytes - appendedBytes.get() < most) {
            refusedBytes.set(most);
            throw new PlaneException.ResourceExhausted("the plane's disk is full; nothing was stored", RETRY_WHEN_FULL);
        }
    }

    private static long maxBytesOf(List<ScreenedBatch> group) {
        long bytes = 0;
        for (var batch : group) {
            bytes += MAX_BATCH_OVERHEAD_BYTES
                    + (long) MAX_REJECTION_BYTES * batch.rejections().size();
            for (var block : batch.blocks()) {
                bytes += MAX_BLOCK_OVERHEAD_BYTES
                        + (long) MAX_READING_BYTES * block.columns().size();
            }
        }
        return includingChunks(bytes);
    }

    /** Until a journal has become chunks, both are there. */
    private static long includingChunks(long journalBytes) {
        return 2 * (journalBytes + PAGE_ALLOWANCE_BYTES);
    }

    /** So many bytes were added to the journal. */
    public void recordAppend(long journalBytes) {
        appendedBytes.addAndGet(includingChunks(journalBytes));
    }

    /** Whether room should be made, if there is a way. */
    boolean needsRoom() {
        return availableBytes <= 0 || refusedBytes.get() > 0 || dropsOldest && availableBytes < headroomBytes() / 2;
    }

    public void refresh() throws SQLException {
        boolean was = availableBytes <= 0;
        // What is written meanwhile counts twice, and never not at all.
        long before = appendedBytes.get();
        availableBytes = -excessBytes();
        appendedBytes.addAndGet(-before);
        if (availableBytes <= 0 && !was) {
            LOG.log(Level.ERROR, "The disk is full: no batch is taken until there is room");
        } else if (was && availableBytes > 0) {
            LOG.log(Level.INFO, "There is room on the disk again");
        }
    }

    /** Bytes that should not be there; room that is left if negative. */
    private long excessBytes() throws SQLException {
        long overBudget = maxBytes.isPresent() ? usedBytes() + memtable.bytes() - maxBytes.getAsLong() : Long.MIN_VALUE;
        return Math.max(overBudget, RESERVE_BYTES - usableDiskBytes() - freePageBytes());
    }

    private long usableDiskBytes() {
        try {
            return Files.getFileStore(directory).getUsableSpace();
        } catch (IOException e) {
            throw new PlaneException.Unavailable("the disk does not answer", e);
        }
    }

    /** Bytes of the database that hold something. */
    private long usedBytes() throws SQLException {
        return (session.pragma("page_count") - session.pragma("freelist_count")) * session.pragma("page_size");
    }

    /** Bytes of the database that may be written without its growing. */
    private long freePageBytes() throws SQLException {
        return session.pragma("freelist_count") * session.pragma("page_size");
    }

    /** If there is too little room: drops the oldest chunks until there is enough, if that is the policy. */
    void dropOldestChunks() throws SQLException {
        if (!needsRoom()) {
            return;
        }
        if (dropsOldest) {
            long enough = -headroomBytes() - refusedBytes.get();
            for (long excess = excessBytes(); excess > enough; excess = excessBytes()) {
                var oldest = oldestChunks(excess - enough);
                if (oldest.isEmpty()) {
                    break;
                }
                writer.transaction(session -> GarbageCollector.deleteChunks(session, "chunk", oldest));
            }
        }
        refusedBytes.set(0);
    }

    private long headroomBytes() {
        return Math.round(HEADROOM_FRACTION * maxBytes.orElse(RESERVE_BYTES));
    }

    /** The oldest chunks that come to so many bytes. */
    private List<Long> oldestChunks(long bytes) throws SQLException {
        var numbers = new ArrayList<Long>();
        long rest = bytes;
        try (var rows = session.prepare(
                        "SELECT number, length(payload) FROM chunk ORDER BY last_us LIMIT " + CHUNKS_PER_TRANSACTION)
                .executeQuery()) {
            while (rest > 0 && rows.next()) {
                numbers.add(rows.getLong(1));
                rest -= rows.getLong(2);
            }
        }
        return numbers;
    }

    void checkpoint() throws SQLException {
        long pageBytes = session.pragma("page_size");
        var log = session.checkpoint(CheckpointMode.NOOP);
        if (log.pagesLeft() * pageBytes >= CHECKPOINT_AFTER_BYTES) {
            log = session.checkpoint(CheckpointMode.PASSIVE);
        }
        if (log.logPages() * pageBytes >= RESTART_AFTER_BYTES) {
            session.checkpoint(CheckpointMode.TRUNCATE);
        }
    }

    /**
     * Gives back what the database does not need any more. Else it is kept: the journal needs as much again before long.
     */
    void vacuum() throws SQLException {
        long free = session.pragma("freelist_count");
        for (long left = free; left > 0; left -= PAGES_PER_TRANSACTION) {
            writer.transaction(session -> {
                for (int i = 0; i < PAGES_PER_TRANSACTION; i++) {
                    // Gives back one page, and would want to be asked for the next if it were not told that one is
                    // enough.
                    session.execute("PRAGMA incremental_vacuum(1)");
                }
                return true;
            });
        }
        if (free > 0) {
            session.checkpoint(CheckpointMode.TRUNCATE);
        }
    }
}
