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
 * The threads that store groups, each as a transaction of its own. Groups that have a device in common go in the order of
 * subscription; others side by side, as those of two planes would. A thread waits for the database, and takes the work of making
 * and reading arrays off the event loops. Once taken on, a group is finished even if nobody waits for it any more.
 */
final class GroupWriter {

    /** Groups that are under way or wait; ingest has as many here at a time as there are threads. */
    private static final int MAX_PENDING_GROUPS = 1_024;

    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(30);

    private final SessionPool sessions;
    private final PostgresErrors failures;
    private final LongSupplier now;
    private final Duration timeout;
    private final ThreadPoolExecutor threads;

    /** What each thread knows; who stores takes one and puts it back. */
    private final Deque<WriterCache> idleCaches = new ConcurrentLinkedDeque<>();

    /** How often something was found that is not as it was known; what was known before is known no more. */
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
     * @param atOnce groups that are stored at a time, each on a connection
     * @param patience how long the answer to a statement may take
     */
    GroupWriter(SessionPool sessions, PostgresErrors failures, LongSupplier now, int atOnce, Duration patience) {
        this.sessions = sessions;
        this.failures = failures;
        this.now = now;
        this.timeout = patience;
        this.threads = new ThreadPoolExecutor(
                atOnce,
                atOnce,
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
        before.thenRunAsync(
                () -> {
                    try {
                        storeAndAnswer(emitter, group);
                    } finally {
                        finish(group, done);
                    }
                },
                threads);
    }

    /** Done when every group is that has a device in common and was here before; who comes next waits for this one. */
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

    private List<AppendResult> store(List<ScreenedBatch> group) throws Exception {
        requireTimesWithinLimit(group);
        var idle = idleCaches.poll();
        var memory = idle == null ? new WriterCache() : idle;
        try {
            return store(group, memory);
        } finally {
            idleCaches.push(memory);
        }
    }

    private List<AppendResult> store(List<ScreenedBatch> group, WriterCache memory) throws Exception {
        boolean mistrust = false;
        for (int attempt = 1; ; attempt++) {
            if (memory.invalidationsSeen != invalidations.get()) {
                memory.invalidationsSeen = invalidations.get();
                memory.clear();
            }
            try {
                return attempt(group, memory, mistrust);
            } catch (Exception failure) {
                // Somebody else changed what the plane thought was its own: a month was retired, a row was put there.
                // Or the
                // next server is one that did not hear of what was last committed.
                invalidations.incrementAndGet();
                if (attempt == SessionPool.MAX_ATTEMPTS || !isRetryable(failure)) {
                    throw failure;
                }
                mistrust = true;
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

    private List<AppendResult> attempt(List<ScreenedBatch> group, WriterCache memory, boolean mistrust)
            throws Exception {
        long time = now.getAsLong();
        var session = StatementPipeline.await(sessions.borrow(), timeout);
        try {
            var missing = memory.partitions.missing(group, time);
            if (!missing.isEmpty()) {
                // On its own: an empty month is no half of a group, and a group need not wait for one that makes it.
                StatementPipeline.await(Partitions.create(session, missing), timeout);
                memory.partitions.markCreated(missing);
            }
            return new GroupAppend(session, memory.ids, timeout, time, mistrust).store(group);
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

    /** Finishes what waits. */
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
                    .log(System.Logger.Level.WARNING, "Some of what was taken is not stored; it was not acknowledged");
        }
        threads.shutdownNow();
    }
}
