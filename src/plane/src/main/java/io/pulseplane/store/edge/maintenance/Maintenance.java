package io.pulseplane.store.edge.maintenance;

import io.pulseplane.store.edge.journal.Memtable;
import io.pulseplane.store.edge.sqlite.SqliteErrors;
import io.pulseplane.vitals.PlaneException;
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
public final class Maintenance {

    private static final System.Logger LOG = System.getLogger(Maintenance.class.getName());

    /** How often it looks whether there is something to do, if nobody calls. */
    private static final long MILLIS_BETWEEN_RUNS = 1_000;

    /** Journals of more batches take too long to be read at a start, whatever their size. */
    private static final long COMPACT_AFTER_BATCHES = 50_000;

    /** What the journal keeps is in memory, too: it grows to this many times what is worth compacting, and no further. */
    private static final int MAX_JOURNAL_FACTOR = 16;

    private static final Duration RETRY_WHEN_BEHIND = Duration.ofMillis(100);

    /** A series that has this many pieces is read slowly. */
    private static final int COMPACT_AFTER_CHUNKS_OF_SERIES = 4_096;

    private final long compactAfterBytes;
    private final long compactAfterMicros;
    private final Memtable memtable;
    private final Compactor compactor;
    private final GarbageCollector garbageCollector;
    private final DiskBudget diskBudget;
    private final LongSupplier now;
    private final Thread thread;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition wakeUp = lock.newCondition();
    private boolean wakeRequested;
    private CompletableFuture<Void> fullRun;
    private boolean backingOff;
    private boolean closed;

    public Maintenance(
            long compactAfterBytes,
            Duration compactAfter,
            Memtable backlog,
            Compactor compactor,
            GarbageCollector sweep,
            DiskBudget space,
            LongSupplier now) {
        this.compactAfterBytes = compactAfterBytes;
        this.compactAfterMicros = TimeUnit.NANOSECONDS.toMicros(compactAfter.toNanos());
        this.memtable = backlog;
        this.compactor = compactor;
        this.garbageCollector = sweep;
        this.diskBudget = space;
        this.now = now;
        this.thread = Thread.ofPlatform().name("pulseplane-upkeep").daemon().unstarted(this::run);
    }

    public void start() {
        thread.start();
    }

    /** Called after every group: if there is enough to do, it is begun at once. */
    public void onAppend() {
        if (isCompactionDue()) {
            wake();
        }
    }

    /** @throws PlaneException.ResourceExhausted if batches come faster than they can be compacted, for long */
    public void refuseIfBehind() {
        if (memtable.bytes() >= MAX_JOURNAL_FACTOR * compactAfterBytes
                || memtable.batches() >= MAX_JOURNAL_FACTOR * COMPACT_AFTER_BATCHES) {
            throw new PlaneException.ResourceExhausted(
                    "the plane's journal is full; nothing was stored", RETRY_WHEN_BEHIND);
        }
    }

    public void wake() {
        lock.lock();
        try {
            wakeRequested = true;
            wakeUp.signal();
        } finally {
            lock.unlock();
        }
    }

    /** Everything there is to do, done from now on; completes when it is. */
    public CompletableFuture<Void> requestFullRun() {
        lock.lock();
        try {
            if (closed) {
                return CompletableFuture.completedFuture(null);
            }
            if (fullRun == null) {
                fullRun = new CompletableFuture<>();
            }
            wakeUp.signal();
            return fullRun;
        } finally {
            lock.unlock();
        }
    }

    private boolean isCompactionDue() {
        return memtable.bytes() >= compactAfterBytes
                || memtable.batches() >= COMPACT_AFTER_BATCHES
                || memtable.maxChunksOfSeries() >= COMPACT_AFTER_CHUNKS_OF_SERIES
                || memtable.batches() > 0 && now.getAsLong() - memtable.oldestTime() >= compactAfterMicros;
    }

    private void run() {
        while (true) {
            CompletableFuture<Void> all;
            lock.lock();
            try {
                if (!closed && (backingOff || !wakeRequested && fullRun == null)) {
                    wakeUp.await(MILLIS_BETWEEN_RUNS, TimeUnit.MILLISECONDS);
                }
                if (closed) {
                    if (fullRun != null) {
                        fullRun.complete(null);
                    }
                    return;
                }
                wakeRequested = false;
                all = fullRun;
                fullRun = null;
            } catch (InterruptedException _) {
                return;
            } finally {
                lock.unlock();
            }
            runOnce(all);
        }
    }

    private void runOnce(CompletableFuture<Void> all) {
        try {
            backingOff = false;
            diskBudget.refresh();
            if (all != null || isCompactionDue() || diskBudget.needsRoom()) {
                compactor.compact();
            }
            garbageCollector.collect();
            diskBudget.dropOldestChunks();
            diskBudget.refresh();
            if (all != null) {
                diskBudget.vacuum();
            }
            diskBudget.checkpoint();
            if (all != null) {
                all.complete(null);
            }
        } catch (SQLException | RuntimeException e) {
            // What was not done is still to be done, and nothing is lost; the disk may be full, and have room later.
            backingOff = true;
            if (!isClosed()) {
                LOG.log(Level.WARNING, "What is done behind the scenes of the store was put off", e);
            }
            if (all != null) {
                all.completeExceptionally(SqliteErrors.toPlaneException(e));
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
    public void close() throws InterruptedException {
        lock.lock();
        try {
            closed = true;
            wakeUp.signal();
        } finally {
            lock.unlock();
        }
        thread.join();
    }
}
