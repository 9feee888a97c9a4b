package io.pulseplane.coherence;

import io.pulseplane.store.AppendResult;
import io.pulseplane.store.Consent;
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
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;

/** A store of several planes that records its queries and can hold its answers back. */
class PausableStore implements Store, ReadingStore {

    private final MemoryStore store = new MemoryStore(() -> 1);
    private final List<Subject> latestQueries = new CopyOnWriteArrayList<>();
    private final List<TimeRange> readRanges = new CopyOnWriteArrayList<>();
    private final List<String> consentQueries = new CopyOnWriteArrayList<>();
    private final Queue<Runnable> heldAnswers = new ConcurrentLinkedQueue<>();
    private volatile boolean holding;

    /** The subjects of all queries for latest readings, repetitions included. */
    List<Subject> latest() {
        return latestQueries;
    }

    /** The patients of all queries for consents, repetitions included. */
    List<String> consentQueries() {
        return consentQueries;
    }

    /** The ranges of all reads, repetitions included. */
    List<TimeRange> readRanges() {
        return readRanges;
    }

    /** From now on readings are read at once, but answered only after {@link #releaseAnswers}. */
    void holdAnswers() {
        holding = true;
    }

    void releaseAnswers() {
        holding = false;
        for (var answer = heldAnswers.poll(); answer != null; answer = heldAnswers.poll()) {
            answer.run();
        }
    }

    @Override
    public Uni<List<Reading>> latest(Subject subject) {
        return Uni.createFrom().emitter(answer -> {
            latestQueries.add(subject);
            store.latest(subject).subscribe().with(result -> answerOrHold(() -> answer.complete(result)), answer::fail);
        });
    }

    private void answerOrHold(Runnable answer) {
        if (holding) {
            heldAnswers.add(answer);
        } else {
            answer.run();
        }
    }

    private Uni<Optional<Consent>> consent(String patient) {
        return Uni.createFrom().deferred(() -> {
            consentQueries.add(patient);
            return store.consent(patient);
        });
    }

    @Override
    public Registry registry() {
        return (Registry) Proxy.newProxyInstance(
                getClass().getClassLoader(),
                new Class<?>[] {Registry.class},
                (_, method, arguments) -> method.getName().equals("consent")
                        ? consent((String) arguments[0])
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
    public Uni<List<Series>> series(Subject subject) {
        return store.series(subject);
    }

    @Override
    public Uni<Columns> read(Series series, TimeRange range, Order order, int limit) {
        return Uni.createFrom().emitter(answer -> {
            readRanges.add(range);
            store.read(series, range, order, limit)
                    .subscribe()
                    .with(result -> answerOrHold(() -> answer.complete(result)), answer::fail);
        });
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
