package io.pulseplane.live;

import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.Problem;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Flow;
import java.util.function.Consumer;

/**
 * What one watcher is waiting for: each item is everything that became durable since the one before it. A watcher that
 * does not keep up is failed with {@code Exhausted} when more readings wait for it than the bound allows.
 */
public final class Watch implements Flow.Publisher<List<Columns>> {

    private final Set<String> codes;
    private final int maxReadings;
    private final Consumer<Watch> onEnd;

    private List<Columns> waiting = new ArrayList<>();
    private int waitingReadings;
    private long demand;
    private boolean emitting;
    private boolean fellBehind;
    private boolean ended;
    private Flow.Subscriber<? super List<Columns>> subscriber;

    Watch(Set<String> codes, int maxReadings, Consumer<Watch> onEnd) {
        this.codes = Set.copyOf(codes);
        this.maxReadings = maxReadings;
        this.onEnd = onEnd;
    }

    void offer(Columns fresh) {
        if (!codes.isEmpty() && !codes.contains(fresh.series().code())) {
            return;
        }
        synchronized (this) {
            if (ended || fellBehind) {
                return;
            }
            waiting.add(fresh);
            waitingReadings += fresh.size();
            if (waitingReadings > maxReadings && !canEmit()) {
                fellBehind = true;
                waiting = List.of();
            }
        }
        emit();
    }

    private boolean canEmit() {
        return demand > 0 && subscriber != null;
    }

    @Override
    public void subscribe(Flow.Subscriber<? super List<Columns>> subscriber) {
        synchronized (this) {
            if (this.subscriber != null) {
                throw new IllegalStateException("a watch has one subscriber");
            }
            this.subscriber = subscriber;
        }
        subscriber.onSubscribe(new Flow.Subscription() {
            @Override
            public void request(long n) {
                synchronized (Watch.this) {
                    demand = demand + n < 0 ? Long.MAX_VALUE : demand + n;
                }
                emit();
            }

            @Override
            public void cancel() {
                end();
            }
        });
    }

    /** One thread emits at a time, outside the lock; what arrives meanwhile is emitted by it too. */
    private void emit() {
        while (true) {
            List<Columns> items;
            synchronized (this) {
                if (emitting || ended || subscriber == null || (waiting.isEmpty() || demand == 0) && !fellBehind) {
                    return;
                }
                if (fellBehind) {
                    break;
                }
                items = waiting;
                waiting = new ArrayList<>();
                waitingReadings = 0;
                demand--;
                emitting = true;
            }
            subscriber.onNext(items);
            synchronized (this) {
                emitting = false;
            }
        }
        if (end()) {
            subscriber.onError(new Problem.Exhausted(
                    "this watcher fell more than " + maxReadings + " readings behind; QueryReadings has them",
                    Duration.ofSeconds(1)));
        }
    }

    /** Whether it was this call that ended the watch. */
    private boolean end() {
        synchronized (this) {
            if (ended) {
                return false;
            }
            ended = true;
            waiting = List.of();
        }
        onEnd.accept(this);
        return true;
    }
}
