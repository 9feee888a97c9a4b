package io.pulseplane.cache;

import io.pulseplane.store.Consent;
import io.pulseplane.store.ReadingStore;
import io.pulseplane.store.Receipt;
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

/** A store of several planes, that counts what it is asked and can keep its answers to itself for a while. */
class SlowStore implements Store, ReadingStore {

    private final MemoryStore store = new MemoryStore(() -> 1);
    private final List<Subject> latest = new CopyOnWriteArrayList<>();
    private final List<TimeRange> reads = new CopyOnWriteArrayList<>();
    private final List<String> consents = new CopyOnWriteArrayList<>();
    private final Queue<Runnable> held = new ConcurrentLinkedQueue<>();
    private volatile boolean holding;

    /** The subjects whose latest readings were asked for, once for every time. */
    List<Subject> latest() {
        return latest;
    }

    /** The patients whose consent was asked for, once for every time. */
    List<String> consents() {
        return consents;
    }

    /** The ranges that were read, once for every time. */
    List<TimeRange> reads() {
        return reads;
    }

    /** From now on readings are found at once, and told when {@link #tell} says so. */
    void hold() {
        holding = true;
    }

    void tell() {
        holding = false;
        for (var answer = held.poll(); answer != null; answer = held.poll()) {
            answer.run();
        }
    }

    @Override
    public Uni<List<Reading>> latest(Subject subject) {
        return Uni.createFrom().emitter(answer -> {
            latest.add(subject);
            store.latest(subject).subscribe().with(found -> tellOrHold(() -> answer.complete(found)), answer::fail);
        });
    }

    private void tellOrHold(Runnable answer) {
        if (holding) {
            held.add(answer);
        } else {
            answer.run();
        }
    }

    private Uni<Optional<Consent>> consent(String patient) {
        return Uni.createFrom().deferred(() -> {
            consents.add(patient);
            return store.consent(patient);
        });
    }

    @Override
    public Registry registry() {
        return (Registry) Proxy.newProxyInstance(
                getClass().getClassLoader(),
                new Class<?>[] {Registry.class},
                (_, method, asked) ->
                        method.getName().equals("consent") ? consent((String) asked[0]) : method.invoke(store, asked));
    }

    @Override
    public ReadingStore readings() {
        return this;
    }

    @Override
    public Uni<List<Receipt>> append(List<ScreenedBatch> group) {
        return store.append(group);
    }

    @Override
    public Uni<List<Series>> series(Subject subject) {
        return store.series(subject);
    }

    @Override
    public Uni<Columns> read(Series series, TimeRange range, Order order, int limit) {
        return Uni.createFrom().emitter(answer -> {
            reads.add(range);
            store.read(series, range, order, limit)
                    .subscribe()
                    .with(found -> tellOrHold(() -> answer.complete(found)), answer::fail);
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
