package io.pulseplane.ingest;

import io.pulseplane.store.AppendResult;
import io.pulseplane.store.ReadingStore;
import io.pulseplane.vitals.PlaneException;
import io.pulseplane.vitals.ScreenedBatch;
import io.smallrye.mutiny.Uni;
import io.smallrye.mutiny.subscription.UniEmitter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;

/**
 * Groups the batches that arrive while the disk is busy, so that they share one sync. An idle disk gets a batch at
 * once: no batch waits for a group to fill. {@link CommitQueues} feed a store that handles several groups at once; the
 * batches of one device keep their order.
 *
 * <p>One thread publishes and acknowledges the results, in the order in which groups end, while the store handles the
 * next group.
 */
final class GroupCommit {

    /** In a larger group, the first batch would wait too long for the sync. */
    static final int MAX_GROUP_READINGS = 200_000;

    static final int MAX_GROUP_BATCHES = 4_096;

    private record PendingCommit(ScreenedBatch batch, UniEmitter<? super AppendResult> emitter) {}

    private final ReadingStore store;
    private final BiConsumer<ScreenedBatch, AppendResult> publisher;
    private final IngestEvents events;
    private final ExecutorService acknowledger = new ThreadPoolExecutor(
            0,
            1,
            30,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            Thread.ofPlatform().name("pulseplane-acknowledger").daemon().factory());

    private final CommitQueues<PendingCommit> queues;
    private int unansweredCount;
    private boolean closed;

    GroupCommit(ReadingStore store, BiConsumer<ScreenedBatch, AppendResult> publisher, IngestEvents events) {
        this.store = store;
        this.publisher = publisher;
        this.events = events;
        this.queues = new CommitQueues<>(store.appendParallelism());
    }

    Uni<AppendResult> submit(ScreenedBatch batch) {
        return Uni.createFrom().emitter(emitter -> enqueue(new PendingCommit(batch, emitter)));
    }

    private void enqueue(PendingCommit pending) {
        CommitQueues<PendingCommit>.CommitQueue queue = null;
        synchronized (this) {
            if (!closed) {
                unansweredCount++;
                queue = queues.add(pending.batch.device(), pending);
            }
        }
        if (queue == null) {
            pending.emitter.fail(new PlaneException.Unavailable("the plane is stopping", null));
        } else {
            commitNext(queue);
        }
    }

    private void commitNext(CommitQueues<PendingCommit>.CommitQueue queue) {
        List<PendingCommit> group;
        synchronized (this) {
            if (queue.isBusy() || queue.items().isEmpty()) {
                return;
            }
            group = nextGroup(queue.items());
            queue.begin();
        }
        long startNanos = System.nanoTime();
        var batches = group.stream().map(PendingCommit::batch).toList();
        // A store that throws must not keep its queue busy for ever.
        Uni.createFrom()
                .deferred(() -> store.append(batches))
                .subscribe()
                .with(
                        results -> onCommitted(queue, group, results, startNanos),
                        failure -> onFailed(queue, group, failure));
    }

    private static List<PendingCommit> nextGroup(Queue<PendingCommit> items) {
        var group = new ArrayList<PendingCommit>();
        int readings = 0;
        do {
            readings += items.peek().batch.size();
            group.add(items.poll());
        } while (!items.isEmpty()
                && group.size() < MAX_GROUP_BATCHES
                && readings + items.peek().batch.size() <= MAX_GROUP_READINGS);
        return group;
    }

    private void onCommitted(
            CommitQueues<PendingCommit>.CommitQueue queue,
            List<PendingCommit> group,
            List<AppendResult> results,
            long startNanos) {
        events.groupCommitted(group.size(), System.nanoTime() - startNanos);
        acknowledger.execute(() -> {
            for (int i = 0; i < group.size(); i++) {
                answer(group.get(i), results.get(i));
            }
            countAnswered(group.size());
        });
        onIdle(queue, group);
    }

    /** A batch that cannot be published is durable, but nobody may count on it, so its sender sends it again. */
    private void answer(PendingCommit pending, AppendResult result) {
        try {
            publisher.accept(pending.batch, result);
            pending.emitter.complete(result);
        } catch (RuntimeException | Error failure) {
            pending.emitter.fail(failure);
        }
    }

    private void onFailed(CommitQueues<PendingCommit>.CommitQueue queue, List<PendingCommit> group, Throwable failure) {
        acknowledger.execute(() -> {
            group.forEach(pending -> pending.emitter.fail(failure));
            countAnswered(group.size());
        });
        onIdle(queue, group);
    }

    private void onIdle(CommitQueues<PendingCommit>.CommitQueue queue, List<PendingCommit> group) {
        synchronized (this) {
            queue.end(group, pending -> pending.batch.device());
        }
        commitNext(queue);
    }

    private synchronized void countAnswered(int count) {
        unansweredCount -= count;
        notifyAll();
    }

    /**
     * Refuses new batches and waits for the pending ones; returns whether all of them were answered within the timeout.
     */
    synchronized boolean drain(Duration timeout) {
        closed = true;
        long deadline = System.nanoTime() + timeout.toNanos();
        try {
            while (unansweredCount > 0 && System.nanoTime() < deadline) {
                TimeUnit.NANOSECONDS.timedWait(this, deadline - System.nanoTime());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return unansweredCount == 0;
    }
}
