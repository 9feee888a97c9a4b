package io.pulseplane.store.edge;

import io.pulseplane.vitals.Problem;
import java.lang.System.Logger.Level;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;

/**
 * The thread behind the scenes: turns the journal into chunks, sweeps out what was erased, drops what
 * nobody keeps any more, and brings the write-ahead log into the database. It alone changes chunks.
 */
final class Upkeep {

    private static final System.Logger LOG = System.getLogger(Upkeep.class.getName());

    /** How often it looks whether there is something to do, if nobody calls. */
    private static final long MILLIS_BETWEEN = 1_000;

    /** Journals of more batches take too long to be read at a start, whatever their size. */
    private static final long COMPACT_AFTER_BATCHES = 50_000;

    /** What the journal keeps is in memory, too: it grows to this many times what is worth compacting, and no further. */
    private static final int BEHIND = 16;

    private static final Duration RETRY_WHEN_BEHIND = Duration.ofMillis(100);

    /** A series that has this many pieces is read slowly. */
    private static final int COMPACT_AFTER_PIECES = 4_096;

    private final long compactAfterBytes;
    private final long compactAfterMicros;
    private final Backlog backlog;
    private final Compactor compactor;
    private final Sweep sweep;
    private final Space space;
    private final LongSupplier now;
    private final Thread thread;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition called = lock.newCondition();
    private boolean wanted;
    private CompletableFuture<Void> asked;
    private boolean resting;
    private boolean closed;

    Upkeep(
            long compactAfterBytes,
            Duration compactAfter,
            Backlog backlog,
            Compactor compactor,
            Sweep sweep,
            Space space,
            LongSupplier now) {
        this.compactAfterBytes = compactAfterBytes;
        this.compactAfterMicros = TimeUnit.NANOSECONDS.toMicros(compactAfter.toNanos());
        this.backlog = backlog;
        this.compactor = compactor;
        this.sweep = sweep;
        this.space = space;
        this.now = now;
        this.thread = Thread.ofPlatform().name("pulseplane-upkeep").daemon().unstarted(this::run);
    }

    void start() {
        thread.start();
    }

    /** Called after every group: if there is enough to do, it is begun at once. */
    void written() {
        if (isCompactionDue()) {
            call();
        }
    }

    /** @throws Problem.Exhausted if batches come faster than they can be compacted, for long */
    void refuseIfBehind() {
        if (backlog.bytes() >= BEHIND * compactAfterBytes || backlog.batches() >= BEHIND * COMPACT_AFTER_BATCHES) {
            throw new Problem.Exhausted("the plane's journal is full; nothing was stored", RETRY_WHEN_BEHIND);
        }
    }

    void call() {
        lock.lock();
        try {
            wanted = true;
            called.signal();
        } finally {
            lock.unlock();
        }
    }

    /** Everything there is to do, done from now on; completes when it is. */
    CompletableFuture<Void> askForAll() {
        lock.lock();
        try {
            if (closed) {
                return CompletableFuture.completedFuture(null);
            }
            if (asked == null) {
                asked = new CompletableFuture<>();
            }
            called.signal();
            return asked;
        } finally {
            lock.unlock();
        }
    }

    private boolean isCompactionDue() {
        return backlog.bytes() >= compactAfterBytes
                || backlog.batches() >= COMPACT_AFTER_BATCHES
                || backlog.longestTail() >= COMPACT_AFTER_PIECES
                || backlog.batches() > 0 && now.getAsLong() - backlog.oldestTime() >= compactAfterMicros;
    }

    private void run() {
        while (true) {
            CompletableFuture<Void> all;
            lock.lock();
            try {
                if (!closed && (resting || !wanted && asked == null)) {
                    called.await(MILLIS_BETWEEN, TimeUnit.MILLISECONDS);
                }
                if (closed) {
                    if (asked != null) {
                        asked.complete(null);
                    }
                    return;
                }
                wanted = false;
                all = asked;
                asked = null;
            } catch (InterruptedException _) {
                return;
            } finally {
                lock.unlock();
            }
            work(all);
        }
    }

    private void work(CompletableFuture<Void> all) {
        try {
            resting = false;
            space.look();
            if (all != null || isCompactionDue() || space.isTight()) {
                compactor.compact();
            }
            sweep.sweep();
            space.makeRoom();
            space.look();
            if (all != null) {
                space.giveBack();
            }
            space.checkpoint();
            if (all != null) {
                all.complete(null);
            }
        } catch (SQLException | RuntimeException e) {
            // What was not done is still to be done, and nothing is lost; the disk may be full, and have room later.
            resting = true;
            if (!isClosed()) {
                LOG.log(Level.WARNING, "What is done behind the scenes of the store was put off", e);
            }
            if (all != null) {
                all.completeExceptionally(Failures.problem(e));
            }
        }
    }

    private boolean isClosed() {
        lock.lock();
        try {
            return closed;
        } finally {
            lock.unlock();
        }
    }

    /** Finishes the transaction it is at, and does nothing more. */
    void close() throws InterruptedException {
        lock.lock();
        try {
            closed = true;
            called.signal();
        } finally {
            lock.unlock();
        }
        thread.join();
    }
}
