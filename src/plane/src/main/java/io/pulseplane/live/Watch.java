package io.pulseplane.live;

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
 * What one watcher is waiting for: each item is everything that became durable since the one before it. A watcher that
 * does not keep up is failed with {@code ResourceExhausted} when more readings wait for it than the bound allows.
 */
public final class Watch implements Flow.Publisher<List<Columns>> {

    private static final System.Logger LOG = System.getLogger(Watch.class.getName());

    private final Set<String> codes;
    private final int maxPendingReadings;
    private final Consumer<Watch> onEnd;

    private List<Columns> pending = new ArrayList<>();
    private int pendingReadings;
    private long demand;
    private boolean emitting;
    /** Why the watch is over, until the subscriber has been told. */
    private Throwable failure;

    private boolean ended;
    private Flow.Subscriber<? super List<Columns>> subscriber;

    Watch(Set<String> codes, int maxReadings, Consumer<Watch> onEnd) {
        this.codes = Set.copyOf(codes);
        this.maxPendingReadings = maxReadings;
        this.onEnd = onEnd;
    }

    void offer(Columns fresh) {
        if (!codes.isEmpty() && !codes.contains(fresh.series().code())) {
            return;
        }
        synchronized (this) {
            if (ended || failure != null) {
                return;
            }
            pending.add(fresh);
            pendingReadings += fresh.size();
            if (pendingReadings > maxPendingReadings && !canEmit()) {
                fail(new PlaneException.ResourceExhausted(
                        "this watcher fell more than " + maxPendingReadings
                                + " readings behind; QueryReadings has them",
                        Duration.ofSeconds(1)));
            }
        }
        emit();
    }

    private boolean canEmit() {
        return demand > 0 && subscriber != null && !emitting;
    }

    private void fail(Throwable why) {
        failure = why;
        pending = List.of();
    }

    @Override
    public void subscribe(Flow.Subscriber<? super List<Columns>> subscriber) {
        synchronized (this) {
            if (this.subscriber != null) {
                throw new IllegalStateException("a watch has one subscriber");
            }
            this.subscriber = subscriber;
            // Nothing is told before the subscription has been handed over.
            emitting = true;
        }
        subscriber.onSubscribe(new Flow.Subscription() {
            @Override
            public void request(long n) {
                synchronized (Watch.this) {
                    if (n > 0) {
                        demand = demand + n < 0 ? Long.MAX_VALUE : demand + n;
                    } else if (failure == null) {
                        fail(new IllegalArgumentException("at least one item has to be asked for, not " + n));
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

    /** One thread emits at a time, outside the lock; what arrives meanwhile is emitted by it too. */
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
                demand--;
                emitting = true;
            }
            try {
                subscriber.onNext(items);
            } catch (RuntimeException e) {
                // The thread that publishes has acknowledgements to hand out next; they are not this subscriber's to
                // lose.
                LOG.log(Level.WARNING, "A watcher failed to take what it asked for and is not told any more", e);
                end();
                return;
            }
            synchronized (this) {
                emitting = false;
            }
        }
        if (end()) {
            subscriber.onError(failure);
        }
    }

    /** Whether it was this call that ended the watch. */
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
