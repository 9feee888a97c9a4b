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
 * Keeps the store within its budget of bytes, and off a full disk: refuses batches before there is no room, deletes the
 * oldest chunks if that is the policy, makes checkpoints, and gives free pages back.
 */
public final class DiskBudget {

    private static final System.Logger LOG = System.getLogger(DiskBudget.class.getName());

    /** Free space that compaction of the journal and checkpoints need. */
    public static final long RESERVE_BYTES = 64L << 20;

    /** When chunks are deleted, this part of the budget is made free, so that it lasts for a while. */
    private static final double HEADROOM_FRACTION = 0.02;

    private static final int CHUNKS_PER_TRANSACTION = 128;

    private static final int PAGES_PER_TRANSACTION = 512;

    /** More than what a group may take beside its bytes: a page that is not full, and a page that points to others. */
    private static final int PAGE_ALLOWANCE_BYTES = 8 * 1024;

    /** Bytes in the journal if nothing can be compressed. A batch has these beside its blocks and rejections. */
    private static final int MAX_BATCH_OVERHEAD_BYTES = 256;

    private static final int MAX_BLOCK_OVERHEAD_BYTES = 256;
    private static final int MAX_READING_BYTES = 18;
    private static final int MAX_REJECTION_BYTES = 256;

    /** A checkpoint syncs the database, so it waits for this many bytes in the write-ahead log. */
    private static final long CHECKPOINT_AFTER_BYTES = 4L << 20;

    /** A log of this size is truncated, although the thread that writes has to wait for that. */
    private static final long RESTART_AFTER_BYTES = 32L << 20;

    private static final Duration RETRY_WHEN_FULL = Duration.ofSeconds(10);

    private final Path directory;
    private final SqliteSession session;
    private final BlockingWriter writer;
    private final Memtable memtable;
    private final OptionalLong maxBytes;
    private final boolean dropsOldest;

    /** How many bytes there was room for at the last {@link #refresh}; negative if more than allowed are used. */
    private volatile long availableBytes = Long.MAX_VALUE;

    /** Bytes that were appended since then. */
    private final AtomicLong appendedBytes = new AtomicLong();

    /** The size of a group that was refused; 0 after maintenance has tried to make room for it. */
    private final AtomicLong refusedBytes = new AtomicLong();

    public DiskBudget(
            Path directory,
            SqliteSession session,
            BlockingWriter writer,
            Memtable memtable,
            OptionalLong maxBytes,
            FullDiskPolicy policy) {
        this.directory = directory;
        this.session = session;
        this.writer = writer;
        this.memtable = memtable;
        this.maxBytes = maxBytes;
        this.dropsOldest = policy == FullDiskPolicy.DROP_OLDEST;
    }

    /**
     * Refuses a group that may not fit on the disk, before anything of it is written. It counts with the size that the
     * group has if nothing can be compressed.
     *
     * @throws PlaneException.ResourceExhausted if there may be no room for the group; the caller then wakes maintenance
     */
    public void refuseIfFull(List<ScreenedBatch> group) {
        long maxGroupBytes = maxBytesOf(group);
        if (availableBytes - appendedBytes.get() < maxGroupBytes) {
            refusedBytes.set(maxGroupBytes);
            throw new PlaneException.ResourceExhausted("the plane's disk is full; nothing was stored", RETRY_WHEN_FULL);
        }
    }

    /**
     * Succeeds if there is room for a batch.
     *
     * @throws PlaneException.ResourceExhausted if even the smallest batch would be refused
     */
    public void requireRoom() {
        if (availableBytes - appendedBytes.get() < includingChunks(MAX_BATCH_OVERHEAD_BYTES)) {
            throw new PlaneException.ResourceExhausted("the plane's disk is full", RETRY_WHEN_FULL);
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

    /** During compaction, readings are both in the journal and in chunks. */
    private static long includingChunks(long journalBytes) {
        return 2 * (journalBytes + PAGE_ALLOWANCE_BYTES);
    }

    /** Counts bytes that were added to the journal. */
    public void recordAppend(long journalBytes) {
        appendedBytes.addAndGet(includingChunks(journalBytes));
    }

    /** Whether maintenance should make room. */
    boolean needsRoom() {
        return availableBytes <= 0 || refusedBytes.get() > 0 || (dropsOldest && availableBytes < headroomBytes() / 2);
    }

    /** Measures how much room there is. */
    public void refresh() throws SQLException {
        boolean wasFull = availableBytes <= 0;
        // Bytes that are appended during the measurement may count twice, but are never missed.
        long appendedBefore = appendedBytes.get();
        availableBytes = -excessBytes();
        appendedBytes.addAndGet(-appendedBefore);
        if (availableBytes <= 0 && !wasFull) {
            LOG.log(Level.ERROR, "The disk is full: the store refuses batches until there is room");
        } else if (wasFull && availableBytes > 0) {
            LOG.log(Level.INFO, "There is room on the disk again");
        }
    }

    /** How many bytes are used beyond what is allowed; negative if there is room. */
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

    /** The size of the pages that are in use. */
    private long usedBytes() throws SQLException {
        return (session.pragma("page_count") - session.pragma("freelist_count")) * session.pragma("page_size");
    }

    /** The size of the free pages, which can be written without the file growing. */
    private long freePageBytes() throws SQLException {
        return session.pragma("freelist_count") * session.pragma("page_size");
    }

    /** Deletes the oldest chunks until there is enough room, if there is too little and if that is the policy. */
    void dropOldestChunks() throws SQLException {
        if (!needsRoom()) {
            return;
        }
        if (dropsOldest) {
            long targetExcess = -headroomBytes() - refusedBytes.get();
            for (long excess = excessBytes(); excess > targetExcess; excess = excessBytes()) {
                var oldest = oldestChunks(excess - targetExcess);
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

    /** Numbers of the oldest chunks that have this many bytes together, or of as many as one transaction deletes. */
    private List<Long> oldestChunks(long bytes) throws SQLException {
        var numbers = new ArrayList<Long>();
        long bytesLeft = bytes;
        try (var rows = session.prepare(
                        "SELECT number, length(payload) FROM chunk ORDER BY last_us LIMIT " + CHUNKS_PER_TRANSACTION)
                .executeQuery()) {
            while (bytesLeft > 0 && rows.next()) {
                numbers.add(rows.getLong(1));
                bytesLeft -= rows.getLong(2);
            }
        }
        return numbers;
    }

    /** Makes a checkpoint if the write-ahead log is long enough. */
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
     * Gives the free pages back to the file system. Normally the database keeps them, because the journal soon needs
     * them.
     */
    void vacuum() throws SQLException {
        long freePages = session.pragma("freelist_count");
        for (long pagesLeft = freePages; pagesLeft > 0; pagesLeft -= PAGES_PER_TRANSACTION) {
            writer.transaction(session -> {
                for (int i = 0; i < PAGES_PER_TRANSACTION; i++) {
                    // SQLite gives back one page in each step of this statement, and execute() makes one step only.
                    // With 1, that step completes the statement.
                    session.execute("PRAGMA incremental_vacuum(1)");
                }
                return true;
            });
        }
        if (freePages > 0) {
            session.checkpoint(CheckpointMode.TRUNCATE);
        }
    }
}
