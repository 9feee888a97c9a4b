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
 * Puts batches that arrive while the disk is busy into one group, so that they share one sync. An idle disk gets a batch
 * at once: nobody waits for a group to fill. A store that takes several groups at once gets them in {@link CommitQueues}: batches of one
 * device never pass each other.
 *
 * <p>Receipts are handed out by one thread, in the order in which groups end, while the disk is busy with the next.
 */
final class GroupCommit {

    /** A group of more readings would keep its first batch waiting for its last one. */
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

    GroupCommit(ReadingStore store, BiConsumer<ScreenedBatch, AppendResult> publish, IngestEvents events) {
        this.store = store;
        this.publisher = publish;
        this.events = events;
        this.queues = new CommitQueues<>(store.appendParallelism());
    }

    Uni<AppendResult> submit(ScreenedBatch batch) {
        return Uni.createFrom().emitter(answer -> enqueue(new PendingCommit(batch, answer)));
    }

    private void enqueue(PendingCommit pending) {
        CommitQueues<PendingCommit>.CommitQueue lane = null;
        synchronized (this) {
            if (!closed) {
                unansweredCount++;
                lane = queues.add(pending.batch.device(), pending);
            }
        }
        if (lane == null) {
            pending.emitter.fail(new PlaneException.Unavailable("the plane is stopping", null));
        } else {
            commitNext(lane);
        }
    }

    private void commitNext(CommitQueues<PendingCommit>.CommitQueue lane) {
        List<PendingCommit> group;
        synchronized (this) {
            if (lane.isBusy() || lane.items().isEmpty()) {
                return;
            }
            group = nextGroup(lane.items());
            lane.begin();
        }
        long begun = System.nanoTime();
        var batches = group.stream().map(PendingCommit::batch).toList();
        store.append(batches)
                .subscribe()
                .with(receipts -> onCommitted(lane, group, receipts, begun), failure -> onFailed(lane, group, failure));
    }

    private static List<PendingCommit> nextGroup(Queue<PendingCommit> queue) {
        var group = new ArrayList<PendingCommit>();
        int readings = 0;
        do {
            readings += queue.peek().batch.size();
            group.add(queue.poll());
        } while (!queue.isEmpty()
                && group.size() < MAX_GROUP_BATCHES
                && readings + queue.peek().batch.size() <= MAX_GROUP_READINGS);
        return group;
    }

    private void onCommitted(
            CommitQueues<PendingCommit>.CommitQueue lane,
            List<PendingCommit> group,
            List<AppendResult> receipts,
            long begun) {
        events.groupCommitted(group.size(), System.nanoTime() - begun);
        acknowledger.execute(() -> {
            for (int i = 0; i < group.size(); i++) {
                publisher.accept(group.get(i).batch, receipts.get(i));
                group.get(i).emitter.complete(receipts.get(i));
            }
            countAnswered(group.size());
        });
        onIdle(lane, group);
    }

    private void onFailed(CommitQueues<PendingCommit>.CommitQueue lane, List<PendingCommit> group, Throwable failure) {
        acknowledger.execute(() -> {
            group.forEach(pending -> pending.emitter.fail(failure));
            countAnswered(group.size());
        });
        onIdle(lane, group);
    }

    private void onIdle(CommitQueues<PendingCommit>.CommitQueue lane, List<PendingCommit> group) {
        synchronized (this) {
            lane.end(group, pending -> pending.batch.device());
        }
        commitNext(lane);
    }

    private synchronized void countAnswered(int count) {
        unansweredCount -= count;
        notifyAll();
    }

    /** Takes no more and waits for what was taken; says whether all of it was answered in time. */
    synchronized boolean drain(Duration atMost) {
        closed = true;
        long deadline = System.nanoTime() + atMost.toNanos();
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
