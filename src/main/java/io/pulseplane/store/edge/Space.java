package io.pulseplane.store.edge;

import io.pulseplane.vitals.Problem;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

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

    private static final int PAGES_AT_ONCE = 256;

    /** Pages in the log that are worth a sync of the database. */
    private static final int CHECKPOINT_AFTER_PAGES = 1_000;

    /** A log of so many pages, 32 MiB, is begun anew, though who writes has to wait for that. */
    private static final int RESTART_AFTER_PAGES = 8_192;

    private static final Duration RETRY_WHEN_FULL = Duration.ofSeconds(10);

    private final Path directory;
    private final Session session;
    private final Backstage writer;
    private final OptionalLong budget;
    private final boolean dropsOldest;

    private volatile boolean full;
    private long logPages;

    Space(Path directory, Session session, Backstage writer, EdgeSettings settings) {
        this.directory = directory;
        this.session = session;
        this.writer = writer;
        this.budget = settings.budget();
        this.dropsOldest = settings.whenFull() == EdgeSettings.WhenFull.DROP_OLDEST;
    }

    /** @throws Problem.Exhausted if nothing more may be written now */
    void refuseIfFull() {
        if (full) {
            throw new Problem.Exhausted("the plane's disk is full; nothing was stored", RETRY_WHEN_FULL);
        }
    }

    void look() throws SQLException {
        boolean was = full;
        full = excess() > 0;
        if (full && !was) {
            LOG.log(Level.ERROR, "The disk is full: no batch is taken until there is room");
        } else if (was && !full) {
            LOG.log(Level.INFO, "There is room on the disk again");
        }
    }

    /** Bytes that should not be there; room that is left if negative. */
    private long excess() throws SQLException {
        long overBudget = budget.isPresent() ? used() - budget.getAsLong() : Long.MIN_VALUE;
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
        return (pragma("page_count") - pragma("freelist_count")) * pragma("page_size");
    }

    /** Bytes of the database that may be written without its growing. */
    private long free() throws SQLException {
        return pragma("freelist_count") * pragma("page_size");
    }

    private long pragma(String name) throws SQLException {
        try (var row = session.prepare("PRAGMA " + name).executeQuery()) {
            row.next();
            return row.getLong(1);
        }
    }

    /** Drops the oldest chunks until there is room again, if that is the policy. */
    void makeRoom() throws SQLException {
        if (!dropsOldest || !full) {
            return;
        }
        long enough = -Math.round(ROOM_MADE * budget.orElse(RESERVE_BYTES));
        while (excess() > enough) {
            var oldest = oldest();
            if (oldest.isEmpty()) {
                return;
            }
            writer.run(session -> Sweep.delete(session, "chunk", oldest));
        }
        look();
    }

    private List<Long> oldest() throws SQLException {
        var numbers = new ArrayList<Long>();
        try (var rows = session.prepare("SELECT number FROM chunk ORDER BY last_us LIMIT " + CHUNKS_AT_ONCE)
                .executeQuery()) {
            while (rows.next()) {
                numbers.add(rows.getLong(1));
            }
        }
        return numbers;
    }

    void checkpoint() throws SQLException {
        long waiting = checkpoint("NOOP");
        if (waiting >= CHECKPOINT_AFTER_PAGES) {
            checkpoint("PASSIVE");
        }
        if (logPages >= RESTART_AFTER_PAGES) {
            checkpoint("TRUNCATE");
        }
    }

    /**
     * Gives back what the database does not need any more. Else it is kept: the journal needs as much again before long.
     */
    void giveBack() throws SQLException {
        long free = pragma("freelist_count");
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
            checkpoint("TRUNCATE");
        }
    }

    /** How many pages of the log are not in the database. */
    private long checkpoint(String mode) throws SQLException {
        try (var row = session.prepare("PRAGMA wal_checkpoint(" + mode + ")").executeQuery()) {
            row.next();
            logPages = row.getLong(2);
            return logPages - row.getLong(3);
        }
    }
}
