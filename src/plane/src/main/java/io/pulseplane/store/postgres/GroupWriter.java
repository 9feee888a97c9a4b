package io.pulseplane.store.postgres;

import io.pulseplane.store.AppendResult;
import io.pulseplane.vitals.PlaneException;
import io.pulseplane.vitals.ScreenedBatch;
import io.smallrye.mutiny.Uni;
import io.smallrye.mutiny.subscription.UniEmitter;
import java.time.Duration;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/**
 * Stores groups on threads of its own, each group in a transaction of its own. Groups that share a device are stored in
 * the order of subscription, others in parallel. The threads may block on the database, and they keep the work of
 * encoding and decoding arrays off the event loops. A group that was submitted is stored even if nobody waits for it
 * any more.
 */
final class GroupWriter {

    /** Far more groups than are expected: ingest has as many here at a time as there are threads. */
    private static final int MAX_PENDING_GROUPS = 1_024;

    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(30);

    private final SessionPool sessions;
    private final PostgresErrors failures;
    private final LongSupplier now;
    private final Duration timeout;
    private final ThreadPoolExecutor threads;

    /** One cache for each thread. A thread takes any idle one for a group and puts it back. */
    private final Deque<WriterCache> idleCaches = new ConcurrentLinkedDeque<>();

    /** How often a cache turned out to be wrong. Every cache from before is then cleared. */
    private final AtomicLong invalidations = new AtomicLong();

    /** The last group of each device that is not stored yet. */
    private final Map<String, CompletableFuture<Void>> lastGroupOfDevice = new HashMap<>();

    private int pendingGroups;
    private boolean closed;

    private static final class WriterCache {
        private final IdCache ids = new IdCache();
        private final Partitions partitions = new Partitions();
        private long invalidationsSeen;

        void clear() {
            ids.clear();
            partitions.clear();
        }
    }

    /**
     * @param parallelism how many groups are stored at a time, each on its own connection
     * @param timeout how long the answer to a statement may take
     */
    GroupWriter(SessionPool sessions, PostgresErrors failures, LongSupplier now, int parallelism, Duration timeout) {
        this.sessions = sessions;
        this.failures = failures;
        this.now = now;
        this.timeout = timeout;
        this.threads = new ThreadPoolExecutor(
                parallelism,
                parallelism,
                0,
                TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(MAX_PENDING_GROUPS),
                Thread.ofPlatform().name("pulseplane-writer-", 0).daemon().factory());
    }

    int parallelism() {
        return threads.getCorePoolSize();
    }

    Uni<List<AppendResult>> append(List<ScreenedBatch> group) {
        return Uni.createFrom().emitter(emitter -> submit(emitter, group));
    }

    private void submit(UniEmitter<? super List<AppendResult>> emitter, List<ScreenedBatch> group) {
        var done = new CompletableFuture<Void>();
        CompletableFuture<Void> before;
        synchronized (this) {
            if (closed || pendingGroups == MAX_PENDING_GROUPS) {
                emitter.fail(
                        closed
                                ? new PlaneException.Unavailable("the store is closed", null)
                                : PostgresErrors.queueFullException());
                return;
            }
            pendingGroups++;
            before = precedingGroups(group, done);
        }
        // The task handles its failures itself.
        var _ = before.thenRunAsync(
                () -> {
                    try {
                        storeAndAnswer(emitter, group);
                    } finally {
                        finish(group, done);
                    }
                },
                threads);
    }

    /** Completes when all earlier groups that share a device are done. Later groups wait for {@code done}. */
    private CompletableFuture<Void> precedingGroups(List<ScreenedBatch> group, CompletableFuture<Void> done) {
        var before = new HashSet<CompletableFuture<Void>>();
        for (var batch : group) {
            var earlier = lastGroupOfDevice.put(batch.device(), done);
            if (earlier != null && earlier != done) {
                before.add(earlier);
            }
        }
        return CompletableFuture.allOf(before.toArray(CompletableFuture[]::new));
    }

    private void finish(List<ScreenedBatch> group, CompletableFuture<Void> done) {
        synchronized (this) {
            group.forEach(batch -> lastGroupOfDevice.remove(batch.device(), done));
            pendingGroups--;
            notifyAll();
        }
        done.complete(null);
    }

    private void storeAndAnswer(UniEmitter<? super List<AppendResult>> emitter, List<ScreenedBatch> group) {
        List<AppendResult> receipts;
        try {
            receipts = store(group);
        } catch (Throwable failure) {
            emitter.fail(failures.toPlaneExceptionOfWrite(failure));
            return;
        }
        emitter.complete(receipts);
    }

    /** Clears what the threads know of rows, before their next group. */
    void forgetRows() {
        invalidations.incrementAndGet();
    }

    private List<AppendResult> store(List<ScreenedBatch> group) throws Exception {
        requireTimesWithinLimit(group);
        var idleCache = idleCaches.poll();
        var cache = idleCache == null ? new WriterCache() : idleCache;
        try {
            return store(group, cache);
        } finally {
            idleCaches.push(cache);
        }
    }

    private List<AppendResult> store(List<ScreenedBatch> group, WriterCache cache) throws Exception {
        boolean checksEveryReading = false;
        for (int attempt = 1; ; attempt++) {
            if (cache.invalidationsSeen != invalidations.get()) {
                cache.invalidationsSeen = invalidations.get();
                cache.clear();
            }
            try {
                return attempt(group, cache, checksEveryReading);
            } catch (Exception failure) {
                // The caches may be wrong: somebody retired a partition or inserted a row by SQL, or a standby took
                // over that lacks the last commits.
                invalidations.incrementAndGet();
                if (attempt == SessionPool.MAX_ATTEMPTS || !isRetryable(failure)) {
                    throw failure;
                }
                checksEveryReading = true;
            }
        }
    }

    private static boolean isRetryable(Exception failure) {
        var state = PostgresErrors.sqlState(failure);
        return failure instanceof GroupAppend.StaleCacheException
                || PostgresErrors.isTransient(failure)
                || state.equals(PostgresErrors.UNIQUE_VIOLATION)
                || state.equals(PostgresErrors.NO_PARTITION);
    }

    private List<AppendResult> attempt(List<ScreenedBatch> group, WriterCache cache, boolean checksEveryReading)
            throws Exception {
        long time = now.getAsLong();
        var session = StatementPipeline.await(sessions.borrow(), timeout);
        try {
            var missing = cache.partitions.missing(group, time);
            if (!missing.isEmpty()) {
                // In a transaction of its own, so that other groups do not wait for this group to get its partitions.
                StatementPipeline.await(Partitions.create(session, missing), timeout);
                cache.partitions.markCreated(missing);
            }
            return new GroupAppend(session, cache.ids, timeout, time, checksEveryReading).store(group);
        } finally {
            session.release();
        }
    }

    private static void requireTimesWithinLimit(List<ScreenedBatch> group) {
        for (var batch : group) {
            for (var block : batch.blocks()) {
                if (block.columns().lastTime() >= Micros.READING_TIME_LIMIT) {
                    throw new PlaneException.InvalidArgument("batch.columns.times", "must lie before the year 2255");
                }
            }
        }
    }

    /** Waits until the pending groups are stored, but not longer than {@link #CLOSE_TIMEOUT}. */
    synchronized void close() {
        closed = true;
        long deadline = System.nanoTime() + CLOSE_TIMEOUT.toNanos();
        try {
            while (pendingGroups > 0 && System.nanoTime() < deadline) {
                TimeUnit.NANOSECONDS.timedWait(this, deadline - System.nanoTime());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (pendingGroups > 0) {
            System.getLogger(GroupWriter.class.getName())
                    .log(
                            System.Logger.Level.WARNING,
                            "Some groups were not stored before the plane closed; none of them was acknowledged");
        }
        threads.shutdownNow();
    }
}
