package io.pulseplane.live;

import static org.assertj.core.api.Assertions.assertThat;

import io.pulseplane.ReadingFixtures;
import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.Reading;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/** Records all signals, and checks the rules of reactive streams: serial signals, and no more items than requested. */
final class VerifyingSubscriber implements Flow.Subscriber<List<Columns>> {

    private final long initialRequest;
    private final Consumer<VerifyingSubscriber> onEach;
    private final List<List<Columns>> items = new ArrayList<>();
    private final AtomicLong requested = new AtomicLong();
    private final AtomicInteger activeSignals = new AtomicInteger();
    private final List<AssertionError> violations = new ArrayList<>();
    private volatile Flow.Subscription subscription;
    private volatile Throwable failure;

    private VerifyingSubscriber(long initialRequest, Consumer<VerifyingSubscriber> onEach) {
        this.initialRequest = initialRequest;
        this.onEach = onEach;
    }

    /** @param initialRequest how many items it requests in onSubscribe */
    static VerifyingSubscriber subscribeTo(Watch watch, long initialRequest) {
        return subscribeTo(watch, initialRequest, _ -> {});
    }

    /** @param onEach runs within every onNext */
    static VerifyingSubscriber subscribeTo(Watch watch, long initialRequest, Consumer<VerifyingSubscriber> onEach) {
        var subscriber = new VerifyingSubscriber(initialRequest, onEach);
        watch.subscribe(subscriber);
        return subscriber;
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
        if (initialRequest > 0) {
            request(initialRequest);
        }
    }

    @Override
    public void onNext(List<Columns> item) {
        verify(() -> {
            assertThat(activeSignals.incrementAndGet()).as("signals at a time").isEqualTo(1);
            assertThat(failure).as("failure before an item").isNull();
            assertThat(item).as("item").isNotEmpty();
            items.add(item);
            assertThat((long) items.size()).as("items").isLessThanOrEqualTo(requested.get());
        });
        try {
            onEach.accept(this);
        } finally {
            activeSignals.decrementAndGet();
        }
    }

    @Override
    public void onError(Throwable failure) {
        verify(() -> {
            assertThat(activeSignals.get()).as("signals during a failure").isZero();
            assertThat(this.failure).as("second failure").isNull();
        });
        this.failure = failure;
    }

    @Override
    public void onComplete() {
        verify(() -> assertThat(true).as("a watch does not complete").isFalse());
    }

    /** Keeps a failed assertion for the test, because it may fail on the thread of the publisher. */
    private void verify(Runnable rule) {
        try {
            rule.run();
        } catch (AssertionError e) {
            synchronized (violations) {
                violations.add(e);
            }
        }
    }

    List<List<Columns>> items() {
        assertNoViolations();
        return items;
    }

    /** Returns all received columns, in order. */
    List<Columns> columns() {
        return items().stream().flatMap(List::stream).toList();
    }

    List<Reading> readings() {
        return columns().stream().flatMap(ReadingFixtures::readingsOf).toList();
    }

    Throwable failure() {
        assertNoViolations();
        return failure;
    }

    private void assertNoViolations() {
        synchronized (violations) {
            assertThat(violations).isEmpty();
        }
    }
}
