package io.pulseplane.store.edge.maintenance;

import io.pulseplane.store.edge.journal.Memtable;
import io.pulseplane.store.edge.sqlite.SqliteErrors;
import io.pulseplane.store.edge.sqlite.SqliteSession;
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
 * The maintenance thread. It compacts the journal into chunks, deletes the chunks of erased patients and those beyond
 * their retention, and makes checkpoints. No other thread changes chunks.
 */
public final class Maintenance {

    private static final System.Logger LOG = System.getLogger(Maintenance.class.getName());

    /** How often the thread looks for work, if nobody wakes it. */
    private static final long MILLIS_BETWEEN_RUNS = 1_000;

    /** After each failure in a row the thread waits twice as long before it tries again, up to this time. */
    private static final long MAX_MILLIS_AFTER_FAILURE = 16_000;

    /** A journal with more batches would take too long to read at a start, however small it is. */
    public static final long COMPACT_AFTER_BATCHES = 50_000;

    /** The journal is in memory, too, so it may grow to this many times the size at which it is compacted. */
    public static final int MAX_JOURNAL_FACTOR = 16;

    /** It takes at most this part of the heap, but always twice the size at which it is compacted. */
    private static final int JOURNAL_PART_OF_HEAP = 4;

    private static final Duration RETRY_WHEN_BEHIND = Duration.ofMillis(100);

    /** To read a series with more chunks in memory takes too long. */
    private static final int COMPACT_AFTER_CHUNKS_OF_SERIES = 4_096;

    private final long compactAfterBytes;
    private final long compactAfterMicros;
    private final long maxJournalBytes;
    private final SqliteSession session;
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
    private boolean closed;

    /** How many runs in a row have failed. Only the maintenance thread changes it. */
    private volatile int failedRuns;

    /** @param session the session that compactor, garbage collector and disk budget use */
    public Maintenance(
            long compactAfterBytes,
            Duration compactAfter,
            SqliteSession session,
            Memtable memtable,
            Compactor compactor,
            GarbageCollector garbageCollector,
            DiskBudget diskBudget,
            LongSupplier now) {
        this.compactAfterBytes = compactAfterBytes;
        this.compactAfterMicros = TimeUnit.NANOSECONDS.toMicros(compactAfter.toNanos());
        this.maxJournalBytes = Math.max(
                2 * compactAfterBytes,
                Math.min(
                        MAX_JOURNAL_FACTOR * compactAfterBytes,
                        Runtime.getRuntime().maxMemory() / JOURNAL_PART_OF_HEAP));
        this.session = session;
        this.memtable = memtable;
        this.compactor = compactor;
        this.garbageCollector = garbageCollector;
        this.diskBudget = diskBudget;
        this.now = now;
        this.thread =
                Thread.ofPlatform().name("pulseplane-maintenance").daemon().unstarted(this::run);
    }

    public void start() {
        thread.start();
    }

    /** Wakes the thread after a group was appended, if compaction is due. */
    public void onAppend() {
        if (isCompactionDue()) {
            wake();
        }
    }

    /** @throws PlaneException.ResourceExhausted if batches have come faster than they can be compacted for some time */
    public void refuseIfBehind() {
        if (memtable.bytes() >= maxJournalBytes || memtable.batches() >= MAX_JOURNAL_FACTOR * COMPACT_AFTER_BATCHES) {
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

    /**
     * Starts a run that does all maintenance, due or not. The future completes when the run is done or the store
     * closes.
     */
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
                || (memtable.batches() > 0 && now.getAsLong() - memtable.oldestTime() >= compactAfterMicros);
    }

    /** Whether the last run failed. The next one tries again. */
    public boolean isFailing() {
        return failedRuns > 0;
    }

    private void run() {
        while (awaitWork()) {
            runOnce(takeRequestedRun());
        }
    }

    /** Returns whether the thread goes on. */
    private boolean awaitWork() {
        lock.lock();
        try {
            long nanos = TimeUnit.MILLISECONDS.toNanos(millisToNextRun());
            while (!closed && nanos > 0 && fullRun == null && (failedRuns > 0 || !wakeRequested)) {
                nanos = wakeUp.awaitNanos(nanos);
            }
            if (closed && fullRun != null) {
                fullRun.complete(null);
            }
            return !closed;
        } catch (InterruptedException _) {
            return false;
        } finally {
            lock.unlock();
        }
    }

    private long millisToNextRun() {
        return failedRuns == 0
                ? MILLIS_BETWEEN_RUNS
                : Math.min(MILLIS_BETWEEN_RUNS << Math.min(failedRuns - 1, 10), MAX_MILLIS_AFTER_FAILURE);
    }

    /** Null if no full run was requested. */
    private CompletableFuture<Void> takeRequestedRun() {
        lock.lock();
        try {
            wakeRequested = false;
            var requestedRun = fullRun;
            fullRun = null;
            return requestedRun;
        } finally {
            lock.unlock();
        }
    }

    /** @param requestedRun null if no full run was requested */
    private void runOnce(CompletableFuture<Void> requestedRun) {
        try {
            session.run(_ -> {
                maintain(requestedRun != null);
                return null;
            });
            if (failedRuns > 0) {
                LOG.log(Level.INFO, "Maintenance of the store works again");
            }
            failedRuns = 0;
            if (requestedRun != null) {
                requestedRun.complete(null);
            }
        } catch (Throwable failure) {
            // Nothing is lost: the next run tries again, and no failure ends the thread. The disk may be full now, and
            // have room later.
            failedRuns = Math.min(failedRuns + 1, Integer.MAX_VALUE - 1);
            if (!isClosed()) {
                LOG.log(
                        Level.WARNING,
                        "Maintenance of the store failed and is tried again in " + millisToNextRun() + " ms",
                        failure);
            }
            if (requestedRun != null) {
                requestedRun.completeExceptionally(SqliteErrors.toPlaneException(failure));
            }
        }
    }

    private void maintain(boolean isFullRun) throws SQLException {
        diskBudget.refresh();
        if (isFullRun || isCompactionDue() || diskBudget.needsRoom()) {
            compactor.compact();
        }
        garbageCollector.collect();
        diskBudget.dropOldestChunks();
        diskBudget.refresh();
        if (isFullRun) {
            diskBudget.vacuum();
        }
        diskBudget.checkpoint();
    }

    private boolean isClosed() {
        lock.lock();
        try {
            return closed;
        } finally {
            lock.unlock();
        }
    }

    /** Stops the thread after the run that it is at. */
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
