package io.pulseplane.live;

import io.pulseplane.assignment.Assignments;
import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.PlaneException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Flow;
import java.util.function.Consumer;

/**
 * Publishes new readings to one watcher. Each item has all readings that became durable since the item before, of
 * devices that count as the patient's when the item is sent, see {@link Assignments}. A watch fails with
 * {@code ResourceExhausted} if the watcher is too slow, so that more readings wait than the bound allows, or more bytes
 * than there is memory for the watchers.
 */
public final class Watch implements Flow.Publisher<List<Columns>> {

    private static final System.Logger LOG = System.getLogger(Watch.class.getName());

    /** About what a batch of readings takes besides its times and values. */
    private static final long BATCH_BYTES = 128;

    /** A time and a value. */
    private static final long READING_BYTES = 16;

    private final Set<String> codes;
    private final int maxPendingReadings;
    private final PendingMemory memory;
    private final Assignments assignments;
    private final Consumer<Watch> onEnd;

    private List<Columns> pending = new ArrayList<>();
    private int pendingReadings;
    private long pendingBytes;

    /** Of the item whose assignments are being looked up. */
    private long itemBytes;

    private long demand;
    private boolean emitting;
    /** The failure to signal to the subscriber; null if there is none. */
    private Throwable failure;

    private boolean ended;
    private Flow.Subscriber<? super List<Columns>> subscriber;

    Watch(
            Set<String> codes,
            int maxPendingReadings,
            PendingMemory memory,
            Assignments assignments,
            Consumer<Watch> onEnd) {
        this.codes = Set.copyOf(codes);
        this.maxPendingReadings = maxPendingReadings;
        this.memory = memory;
        this.assignments = assignments;
        this.onEnd = onEnd;
    }

    void offer(Columns readings) {
        if (!codes.isEmpty() && !codes.contains(readings.series().code())) {
            return;
        }
        if (assignments.hides(readings)) {
            return;
        }
        synchronized (this) {
            if (ended || failure != null) {
                return;
            }
            pending.add(readings);
            pendingReadings += readings.size();
            pendingBytes += BATCH_BYTES + READING_BYTES * readings.size();
            cover();
            if (failure == null && pendingReadings > maxPendingReadings && !canEmit()) {
                fail(new PlaneException.ResourceExhausted(
                        "the watcher is more than " + maxPendingReadings
                                + " readings behind; read them with QueryReadings",
                        Duration.ofSeconds(1)));
            }
        }
        emit();
    }

    private void cover() {
        try {
            memory.cover(itemBytes + pendingBytes);
        } catch (PlaneException.ResourceExhausted noRoom) {
            fail(noRoom);
        }
    }

    private boolean canEmit() {
        return demand > 0 && subscriber != null && !emitting;
    }

    private void fail(Throwable reason) {
        failure = reason;
        pending = List.of();
        pendingBytes = 0;
    }

    @Override
    public void subscribe(Flow.Subscriber<? super List<Columns>> subscriber) {
        synchronized (this) {
            if (this.subscriber != null) {
                throw new IllegalStateException("a watch has one subscriber");
            }
            this.subscriber = subscriber;
            // No item may be emitted before onSubscribe has returned.
            emitting = true;
        }
        subscriber.onSubscribe(new Flow.Subscription() {
            @Override
            public void request(long n) {
                synchronized (Watch.this) {
                    if (n > 0) {
                        addDemand(n);
                    } else if (failure == null) {
                        fail(new IllegalArgumentException("a subscriber must request at least one item, not " + n));
                    }
                }
                emit();
            }

            @Override
            public void cancel() {
                end();
            }
        });
        synchronized (this) {
            emitting = false;
        }
        emit();
    }

    /** Emits pending readings outside the lock. One thread at a time emits, also those that arrive meanwhile. */
    private void emit() {
        while (true) {
            List<Columns> items;
            synchronized (this) {
                if (emitting || ended || subscriber == null) {
                    return;
                }
                if (failure != null) {
                    break;
                }
                if (pending.isEmpty() || demand == 0) {
                    return;
                }
                items = pending;
                pending = new ArrayList<>();
                pendingReadings = 0;
                itemBytes = pendingBytes;
                pendingBytes = 0;
                demand--;
                emitting = true;
            }
            var served = assignments.served(items);
            if (!served.isDone()) {
                // Meanwhile readings wait for this item, as they do for a slow watcher.
                served.whenComplete((columns, loadFailure) -> {
                    emit(columns, loadFailure);
                    emit();
                });
                return;
            }
            served.whenComplete(this::emit);
        }
        if (end()) {
            subscriber.onError(failure);
        }
    }

    /**
     * Emits one item, unless nothing of it is served.
     *
     * @param loadFailure why the plane does not know whether the readings are served; null if it does
     */
    private void emit(List<Columns> served, Throwable loadFailure) {
        synchronized (this) {
            itemBytes = 0;
            if (!ended) {
                cover();
            }
        }
        if (loadFailure == null && !served.isEmpty()) {
            try {
                subscriber.onNext(served);
            } catch (RuntimeException e) {
                // The publishing thread must go on to acknowledge batches, so a failing subscriber may not stop it.
                LOG.log(Level.WARNING, "A watcher failed to handle readings, so its watch has ended", e);
                end();
            }
        }
        synchronized (this) {
            emitting = false;
            if (loadFailure != null) {
                fail(PlaneException.unwrap(loadFailure));
            } else if (served.isEmpty()) {
                addDemand(1);
            }
        }
    }

    private void addDemand(long n) {
        demand = demand + n < 0 ? Long.MAX_VALUE : demand + n;
    }

    /** Ends the watch, and returns whether this call ended it. */
    private boolean end() {
        synchronized (this) {
            if (ended) {
                return false;
            }
            ended = true;
            pending = List.of();
        }
        onEnd.accept(this);
        return true;
    }
}
