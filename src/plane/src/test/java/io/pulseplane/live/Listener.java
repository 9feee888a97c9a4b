package io.pulseplane.live;

import static org.assertj.core.api.Assertions.assertThat;

import io.pulseplane.Readings;
import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.Reading;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/** Remembers what it is told, and holds the one who tells to the rules of reactive streams: serial, and no more than asked. */
final class Listener implements Flow.Subscriber<List<Columns>> {

    private final long requestedAtOnce;
    private final Consumer<Listener> onEach;
    private final List<List<Columns>> items = new ArrayList<>();
    private final AtomicLong requested = new AtomicLong();
    private final AtomicInteger speaking = new AtomicInteger();
    private final List<AssertionError> broken = new ArrayList<>();
    private volatile Flow.Subscription subscription;
    private volatile Throwable failure;

    private Listener(long requestedAtOnce, Consumer<Listener> onEach) {
        this.requestedAtOnce = requestedAtOnce;
        this.onEach = onEach;
    }

    /** @param requestedAtOnce how many items it asks for when the subscription is handed to it */
    static Listener to(Watch watch, long requestedAtOnce) {
        return to(watch, requestedAtOnce, _ -> {});
    }

    /** @param onEach what it does within every onNext */
    static Listener to(Watch watch, long requestedAtOnce, Consumer<Listener> onEach) {
        var listener = new Listener(requestedAtOnce, onEach);
        watch.subscribe(listener);
        return listener;
    }

    void request(long n) {
        requested.accumulateAndGet(n, (a, b) -> a + b < 0 ? Long.MAX_VALUE : a + b);
        subscription.request(n);
    }

    void cancel() {
        subscription.cancel();
    }

    @Override
    public void onSubscribe(Flow.Subscription subscription) {
        this.subscription = subscription;
        if (requestedAtOnce > 0) {
            request(requestedAtOnce);
        }
    }

    @Override
    public void onNext(List<Columns> item) {
        hold(() -> {
            assertThat(speaking.incrementAndGet()).as("signals at a time").isEqualTo(1);
            assertThat(failure).as("failure before an item").isNull();
            assertThat(item).as("item").isNotEmpty();
            items.add(item);
            assertThat((long) items.size()).as("items").isLessThanOrEqualTo(requested.get());
        });
        try {
            onEach.accept(this);
        } finally {
            speaking.decrementAndGet();
        }
    }

    @Override
    public void onError(Throwable failure) {
        hold(() -> {
            assertThat(speaking.get()).as("signals during a failure").isZero();
            assertThat(this.failure).as("second failure").isNull();
        });
        this.failure = failure;
    }

    @Override
    public void onComplete() {
        hold(() -> assertThat(true).as("a watch does not complete").isFalse());
    }

    /** An assertion that failed on the thread of another must not get lost there. */
    private void hold(Runnable rule) {
        try {
            rule.run();
        } catch (AssertionError e) {
            synchronized (broken) {
                broken.add(e);
            }
        }
    }

    List<List<Columns>> items() {
        assertKeptTheRules();
        return items;
    }

    /** Everything it was told, in order. */
    List<Columns> heard() {
        return items().stream().flatMap(List::stream).toList();
    }

    List<Reading> readings() {
        return heard().stream().flatMap(Readings::each).toList();
    }

    Throwable failure() {
        assertKeptTheRules();
        return failure;
    }

    private void assertKeptTheRules() {
        synchronized (broken) {
            assertThat(broken).isEmpty();
        }
    }
}
