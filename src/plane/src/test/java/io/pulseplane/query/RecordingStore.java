package io.pulseplane.query;

import io.pulseplane.store.AppendResult;
import io.pulseplane.store.ReadingStore;
import io.pulseplane.store.Registry;
import io.pulseplane.store.Store;
import io.pulseplane.store.StoreSize;
import io.pulseplane.store.memory.MemoryStore;
import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.Order;
import io.pulseplane.vitals.Reading;
import io.pulseplane.vitals.ScreenedBatch;
import io.pulseplane.vitals.Series;
import io.pulseplane.vitals.Subject;
import io.pulseplane.vitals.TimeRange;
import io.smallrye.mutiny.Uni;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/** A store in memory that records its calls, and can hold its answers until the test releases them. */
final class RecordingStore implements Store, ReadingStore {

    private final MemoryStore store = new MemoryStore(() -> 0);
    private final List<Series> reads = new CopyOnWriteArrayList<>();
    private final AtomicInteger cancelledReads = new AtomicInteger();
    private final List<Subject> latest = new CopyOnWriteArrayList<>();
    private final Queue<Runnable> heldAnswers = new ConcurrentLinkedQueue<>();
    private volatile boolean paused;

    /** Returns the series of all reads, in order. */
    List<Series> reads() {
        return reads;
    }

    /** Returns the number of cancelled reads. */
    int cancelledReads() {
        return cancelledReads.get();
    }

    /** Returns the subjects of all reads of latest readings, in order. */
    List<Subject> latest() {
        return latest;
    }

    /** From now on, the store computes answers at once, but holds them until {@link #releaseHeld}. */
    void pause() {
        paused = true;
    }

    /** Delivers the answers that are held. */
    void releaseHeld() {
        for (var answer : List.copyOf(heldAnswers)) {
            heldAnswers.remove(answer);
            answer.run();
        }
    }

    void resume() {
        paused = false;
        releaseHeld();
    }

    private <T> Uni<T> answer(Uni<T> result) {
        return Uni.createFrom()
                .emitter(emitter -> result.subscribe()
                        .with(
                                item -> deliverOrHold(() -> emitter.complete(item)),
                                failure -> deliverOrHold(() -> emitter.fail(failure))));
    }

    private void deliverOrHold(Runnable answer) {
        if (paused) {
            heldAnswers.add(answer);
        } else {
            answer.run();
        }
    }

    @Override
    public Uni<Columns> read(Series series, TimeRange range, Order order, int limit) {
        return answer(store.read(series, range, order, limit))
                .onSubscription()
                .invoke(() -> reads.add(series))
                .onCancellation()
                .invoke(cancelledReads::incrementAndGet);
    }

    @Override
    public Uni<List<Reading>> latest(Subject subject) {
        return answer(store.latest(subject)).onSubscription().invoke(() -> latest.add(subject));
    }

    @Override
    public Uni<List<Series>> series(Subject subject) {
        return answer(store.series(subject));
    }

    /** Holds the answers of {@link Registry#isRegistered}; the other methods answer at once. */
    @Override
    public Registry registry() {
        return (Registry) Proxy.newProxyInstance(
                getClass().getClassLoader(),
                new Class<?>[] {Registry.class},
                (_, method, arguments) -> method.getName().equals("isRegistered")
                        ? answer(store.isRegistered((Subject) arguments[0]))
                        : method.invoke(store, arguments));
    }

    @Override
    public ReadingStore readings() {
        return this;
    }

    @Override
    public Uni<List<AppendResult>> append(List<ScreenedBatch> group) {
        return store.append(group);
    }

    @Override
    public Uni<StoreSize> size() {
        return store.size();
    }

    @Override
    public Uni<Void> check() {
        return store.check();
    }

    @Override
    public void close() {
        store.close();
    }
}
