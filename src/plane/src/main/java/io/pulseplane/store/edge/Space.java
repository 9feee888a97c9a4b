package io.pulseplane.store.edge;

import io.pulseplane.store.edge.Session.CheckpointMode;
import io.pulseplane.vitals.Problem;
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
final class Space {

    private static final System.Logger LOG = System.getLogger(Space.class.getName());

    /** What must be free for the journal to become chunks, and for the log to become the database. */
    static final long RESERVE_BYTES = 64L << 20;

    /** Room is made for a while, and not for one chunk. */
    private static final double ROOM_MADE = 0.02;

    private static final int CHUNKS_AT_ONCE = 128;

    private static final int PAGES_AT_ONCE = 512;

    /** Two pages, of which one is not full and one is of a table that points to the other, with room to spare. */
    private static final int PAGES_BYTES = 8 * 1024;

    /** Bytes in the journal if nothing can be compressed; those of a batch are besides its readings. */
    private static final int MOST_OF_A_BATCH = 256;

    private static final int MOST_OF_A_BLOCK = 256;
    private static final int MOST_OF_A_READING = 18;
    private static final int MOST_OF_A_REJECTION = 256;

    /** What in the log is worth a sync of the database. */
    private static final long CHECKPOINT_AFTER_BYTES = 4L << 20;

    /** A log of this size is begun anew, though who writes has to wait for that. */
    private static final long RESTART_AFTER_BYTES = 32L << 20;

    private static final Duration RETRY_WHEN_FULL = Duration.ofSeconds(10);

    private final Path directory;
    private final Session session;
    private final Backstage writer;
    private final Backlog backlog;
    private final OptionalLong budget;
    private final boolean dropsOldest;

    /** How many bytes there was room for when somebody looked, and what was written since. */
    private volatile long room = Long.MAX_VALUE;

    private final AtomicLong taken = new AtomicLong();

    /** Bytes that somebody was refused; nothing once that was seen to. */
    private final AtomicLong wanted = new AtomicLong();

    Space(
            Path directory,
            Session session,
            Backstage writer,
            Backlog backlog,
            OptionalLong budget,
            FullDiskPolicy policy) {
        this.directory = directory;
        this.session = session;
        this.writer = writer;
        this.backlog = backlog;
        this.budget = budget;
        this.dropsOldest = policy == FullDiskPolicy.DROP_OLDEST;
    }

    /**
     * Refuses what might not fit, before anything of it is written: the group as it would be if it could not be compressed.
     *
     * @throws Problem.Exhausted if there may be no room for the group; somebody has to look what can be done
     */
    void refuseIfFull(List<ScreenedBatch> group) {
        long most = atMost(group);
        if (room - taken.get() < most) {
            wanted.set(most);
            throw new Problem.Exhausted("the plane's disk is full; nothing was stored", RETRY_WHEN_FULL);
        }
    }

    private static long atMost(List<ScreenedBatch> group) {
        long bytes = 0;
        for (var batch : group) {
            bytes += MOST_OF_A_BATCH
                    + (long) MOST_OF_A_REJECTION * batch.rejections().size();
            for (var block : batch.blocks()) {
                bytes += MOST_OF_A_BLOCK
                        + (long) MOST_OF_A_READING * block.columns().size();
            }
        }
        return withItsChunks(bytes);
    }

    /** Until a journal has become chunks, both are there. */
    private static long withItsChunks(long journalBytes) {
        return 2 * (journalBytes + PAGES_BYTES);
    }

    /** So many bytes were added to the journal. */
    void written(long journalBytes) {
        taken.addAndGet(withItsChunks(journalBytes));
    }

    /** Whether room should be made, if there is a way. */
    boolean isTight() {
        return room <= 0 || wanted.get() > 0 || dropsOldest && room < roomMade() / 2;
    }

    void look() throws SQLException {
        boolean was = room <= 0;
        // What is written meanwhile counts twice, and never not at all.
        long before = taken.get();
        room = -excess();
        taken.addAndGet(-before);
        if (room <= 0 && !was) {
            LOG.log(Level.ERROR, "The disk is full: no batch is taken until there is room");
        } else if (was && room > 0) {
            LOG.log(Level.INFO, "There is room on the disk again");
        }
    }

    /** Bytes that should not be there; room that is left if negative. */
    private long excess() throws SQLException {
        long overBudget = budget.isPresent() ? used() + backlog.bytes() - budget.getAsLong() : Long.MIN_VALUE;
        return Math.max(overBudget, RESERVE_BYTES - usable() - free());
    }

    private long usable() {
        try {
            return Files.getFileStore(directory).getUsableSpace();
        } catch (IOException e) {
            throw new Problem.Unavailable("the disk does not answer", e);
        }
    }

    /** Bytes of the database that hold something. */
    private long used() throws SQLException {
        return (session.pragma("page_count") - session.pragma("freelist_count")) * session.pragma("page_size");
    }

    /** Bytes of the database that may be written without its growing. */
    private long free() throws SQLException {
        return session.pragma("freelist_count") * session.pragma("page_size");
    }

    /** If there is too little room: drops the oldest chunks until there is enough, if that is the policy. */
    void makeRoom() throws SQLException {
        if (!isTight()) {
            return;
        }
        if (dropsOldest) {
            long enough = -roomMade() - wanted.get();
            for (long excess = excess(); excess > enough; excess = excess()) {
                var oldest = oldest(excess - enough);
                if (oldest.isEmpty()) {
                    break;
                }
                writer.run(session -> Sweep.delete(session, "chunk", oldest));
            }
        }
        wanted.set(0);
    }

    private long roomMade() {
        return Math.round(ROOM_MADE * budget.orElse(RESERVE_BYTES));
    }

    /** The oldest chunks that come to so many bytes. */
    private List<Long> oldest(long bytes) throws SQLException {
        var numbers = new ArrayList<Long>();
        long rest = bytes;
        try (var rows = session.prepare(
                        "SELECT number, length(payload) FROM chunk ORDER BY last_us LIMIT " + CHUNKS_AT_ONCE)
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
    void giveBack() throws SQLException {
        long free = session.pragma("freelist_count");
        for (long left = free; left > 0; left -= PAGES_AT_ONCE) {
            writer.run(session -> {
                for (int i = 0; i < PAGES_AT_ONCE; i++) {
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
