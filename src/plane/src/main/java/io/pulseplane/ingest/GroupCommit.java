package io.pulseplane.ingest;

import io.pulseplane.store.ReadingStore;
import io.pulseplane.store.Receipt;
import io.pulseplane.vitals.Problem;
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
 * at once: nobody waits for a group to fill. A store that takes several groups at once gets them in {@link Lanes}: batches of one
 * device never pass each other.
 *
 * <p>Receipts are handed out by one thread, in the order in which groups end, while the disk is busy with the next.
 */
final class GroupCommit {

    /** A group of more readings would keep its first batch waiting for its last one. */
    static final int MAX_GROUP_READINGS = 200_000;

    static final int MAX_GROUP_BATCHES = 4_096;

    private record Pending(ScreenedBatch batch, UniEmitter<? super Receipt> answer) {}

    private final ReadingStore store;
    private final BiConsumer<ScreenedBatch, Receipt> publish;
    private final IngestEvents events;
    private final ExecutorService answers = new ThreadPoolExecutor(
            0,
            1,
            30,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            Thread.ofPlatform().name("pulseplane-acknowledger").daemon().factory());

    private final Lanes<Pending> lanes;
    private int unanswered;
    private boolean closed;

    GroupCommit(ReadingStore store, BiConsumer<ScreenedBatch, Receipt> publish, IngestEvents events) {
        this.store = store;
        this.publish = publish;
        this.events = events;
        this.lanes = new Lanes<>(store.groupsAtOnce());
    }

    Uni<Receipt> submit(ScreenedBatch batch) {
        return Uni.createFrom().emitter(answer -> enqueue(new Pending(batch, answer)));
    }

    private void enqueue(Pending pending) {
        Lanes<Pending>.Lane lane = null;
        synchronized (this) {
            if (!closed) {
                unanswered++;
                lane = lanes.add(pending.batch.device(), pending);
            }
        }
        if (lane == null) {
            pending.answer.fail(new Problem.Unavailable("the plane is stopping", null));
        } else {
            commitNext(lane);
        }
    }

    private void commitNext(Lanes<Pending>.Lane lane) {
        List<Pending> group;
        synchronized (this) {
            if (lane.isBusy() || lane.queue().isEmpty()) {
                return;
            }
            group = nextGroup(lane.queue());
            lane.begin();
        }
        long begun = System.nanoTime();
        var batches = group.stream().map(Pending::batch).toList();
        store.append(batches)
                .subscribe()
                .with(receipts -> committed(lane, group, receipts, begun), failure -> failed(lane, group, failure));
    }

    private static List<Pending> nextGroup(Queue<Pending> queue) {
        var group = new ArrayList<Pending>();
        int readings = 0;
        do {
            readings += queue.peek().batch.size();
            group.add(queue.poll());
        } while (!queue.isEmpty()
                && group.size() < MAX_GROUP_BATCHES
                && readings + queue.peek().batch.size() <= MAX_GROUP_READINGS);
        return group;
    }

    private void committed(Lanes<Pending>.Lane lane, List<Pending> group, List<Receipt> receipts, long begun) {
        events.committed(group.size(), System.nanoTime() - begun);
        answers.execute(() -> {
            for (int i = 0; i < group.size(); i++) {
                publish.accept(group.get(i).batch, receipts.get(i));
                group.get(i).answer.complete(receipts.get(i));
            }
            answered(group.size());
        });
        idle(lane, group);
    }

    private void failed(Lanes<Pending>.Lane lane, List<Pending> group, Throwable failure) {
        answers.execute(() -> {
            group.forEach(pending -> pending.answer.fail(failure));
            answered(group.size());
        });
        idle(lane, group);
    }

    private void idle(Lanes<Pending>.Lane lane, List<Pending> group) {
        synchronized (this) {
            lane.end(group, pending -> pending.batch.device());
        }
        commitNext(lane);
    }

    private synchronized void answered(int count) {
        unanswered -= count;
        notifyAll();
    }

    /** Takes no more and waits for what was taken; says whether all of it was answered in time. */
    synchronized boolean drain(Duration atMost) {
        closed = true;
        long deadline = System.nanoTime() + atMost.toNanos();
        try {
            while (unanswered > 0 && System.nanoTime() < deadline) {
                TimeUnit.NANOSECONDS.timedWait(this, deadline - System.nanoTime());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return unanswered == 0;
    }
}
