package io.pulseplane.store.postgres;

import io.pulseplane.store.Receipt;
import io.pulseplane.vitals.Problem;
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
final class Writer {

    /** Groups that are under way or wait; ingest has as many here at a time as there are threads. */
    private static final int MAX_WAITING = 1_024;

    private static final Duration CLOSING = Duration.ofSeconds(30);

    private final Sessions sessions;
    private final Failures failures;
    private final LongSupplier now;
    private final Duration patience;
    private final ThreadPoolExecutor threads;

    /** What each thread knows; who stores takes one and puts it back. */
    private final Deque<Memory> memories = new ConcurrentLinkedDeque<>();

    /** How often something was found that is not as it was known; what was known before is known no more. */
    private final AtomicLong doubts = new AtomicLong();

    /** The last group of each device that is not stored yet. */
    private final Map<String, CompletableFuture<Void>> last = new HashMap<>();

    private int waiting;
    private boolean closed;

    private static final class Memory {
        private final Known known = new Known();
        private final Partitions partitions = new Partitions();
        private long doubts;

        void forget() {
            known.forget();
            partitions.forget();
        }
    }

    /**
     * @param atOnce groups that are stored at a time, each on a connection
     * @param patience how long the answer to a statement may take
     */
    Writer(Sessions sessions, Failures failures, LongSupplier now, int atOnce, Duration patience) {
        this.sessions = sessions;
        this.failures = failures;
        this.now = now;
        this.patience = patience;
        this.threads = new ThreadPoolExecutor(
                atOnce,
                atOnce,
                0,
                TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(MAX_WAITING),
                Thread.ofPlatform().name("pulseplane-writer-", 0).daemon().factory());
    }

    int atOnce() {
        return threads.getCorePoolSize();
    }

    Uni<List<Receipt>> append(List<ScreenedBatch> group) {
        return Uni.createFrom().emitter(emitter -> submit(emitter, group));
    }

    private void submit(UniEmitter<? super List<Receipt>> emitter, List<ScreenedBatch> group) {
        var done = new CompletableFuture<Void>();
        CompletableFuture<Void> before;
        synchronized (this) {
            if (closed || waiting == MAX_WAITING) {
                emitter.fail(closed ? new Problem.Unavailable("the store is closed", null) : Failures.tooMany());
                return;
            }
            waiting++;
            before = after(group, done);
        }
        before.thenRunAsync(
                () -> {
                    try {
                        answer(emitter, group);
                    } finally {
                        ended(group, done);
                    }
                },
                threads);
    }

    /** Done when every group is that has a device in common and was here before; who comes next waits for this one. */
    private CompletableFuture<Void> after(List<ScreenedBatch> group, CompletableFuture<Void> done) {
        var before = new HashSet<CompletableFuture<Void>>();
        for (var batch : group) {
            var earlier = last.put(batch.device(), done);
            if (earlier != null && earlier != done) {
                before.add(earlier);
            }
        }
        return CompletableFuture.allOf(before.toArray(CompletableFuture[]::new));
    }

    private void ended(List<ScreenedBatch> group, CompletableFuture<Void> done) {
        synchronized (this) {
            group.forEach(batch -> last.remove(batch.device(), done));
            waiting--;
            notifyAll();
        }
        done.complete(null);
    }

    private void answer(UniEmitter<? super List<Receipt>> emitter, List<ScreenedBatch> group) {
        List<Receipt> receipts;
        try {
            receipts = store(group);
        } catch (Throwable failure) {
            emitter.fail(failures.problemOfWrite(failure));
            return;
        }
        emitter.complete(receipts);
    }

    private List<Receipt> store(List<ScreenedBatch> group) throws Exception {
        refuseBeyondTime(group);
        var idle = memories.poll();
        var memory = idle == null ? new Memory() : idle;
        try {
            return store(group, memory);
        } finally {
            memories.push(memory);
        }
    }

    private List<Receipt> store(List<ScreenedBatch> group, Memory memory) throws Exception {
        boolean mistrust = false;
        for (int attempt = 1; ; attempt++) {
            if (memory.doubts != doubts.get()) {
                memory.doubts = doubts.get();
                memory.forget();
            }
            try {
                return attempt(group, memory, mistrust);
            } catch (Exception failure) {
                // Somebody else changed what the plane thought was its own: a month was retired, a row was put there.
                // Or the
                // next server is one that did not hear of what was last committed.
                doubts.incrementAndGet();
                if (attempt == Sessions.ATTEMPTS || !mayPass(failure)) {
                    throw failure;
                }
                mistrust = true;
            }
        }
    }

    private static boolean mayPass(Exception failure) {
        var state = Failures.state(failure);
        return failure instanceof GroupAppend.Surprise
                || Failures.isPassing(failure)
                || state.equals(Failures.UNIQUE_VIOLATION)
                || state.equals(Failures.NO_PARTITION);
    }

    private List<Receipt> attempt(List<ScreenedBatch> group, Memory memory, boolean mistrust) throws Exception {
        long time = now.getAsLong();
        var session = Flight.await(sessions.borrow(), patience);
        try {
            var missing = memory.partitions.missing(group, time);
            if (!missing.isEmpty()) {
                // On its own: an empty month is no half of a group, and a group need not wait for one that makes it.
                Flight.await(Partitions.make(session, missing), patience);
                memory.partitions.made(missing);
            }
            return new GroupAppend(session, memory.known, patience, time, mistrust).store(group);
        } finally {
            session.giveBack();
        }
    }

    private static void refuseBeyondTime(List<ScreenedBatch> group) {
        for (var batch : group) {
            for (var block : batch.blocks()) {
                if (block.columns().lastTime() >= Micros.END_OF_READINGS) {
                    throw new Problem.Invalid("batch.columns.times", "must lie before the year 2255");
                }
            }
        }
    }

    /** Finishes what waits. */
    synchronized void close() {
        closed = true;
        long deadline = System.nanoTime() + CLOSING.toNanos();
        try {
            while (waiting > 0 && System.nanoTime() < deadline) {
                TimeUnit.NANOSECONDS.timedWait(this, deadline - System.nanoTime());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (waiting > 0) {
            System.getLogger(Writer.class.getName())
                    .log(System.Logger.Level.WARNING, "Some of what was taken is not stored; it was not acknowledged");
        }
        threads.shutdownNow();
    }
}
