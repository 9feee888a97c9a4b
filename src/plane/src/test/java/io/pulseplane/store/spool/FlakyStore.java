package io.pulseplane.store.spool;

import io.pulseplane.store.AppendResult;
import io.pulseplane.store.ReadingStore;
import io.pulseplane.store.Registry;
import io.pulseplane.store.Store;
import io.pulseplane.store.StoreSize;
import io.pulseplane.store.memory.MemoryStore;
import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.Order;
import io.pulseplane.vitals.PlaneException;
import io.pulseplane.vitals.Reading;
import io.pulseplane.vitals.ScreenedBatch;
import io.pulseplane.vitals.Series;
import io.pulseplane.vitals.Subject;
import io.pulseplane.vitals.TimeRange;
import io.smallrye.mutiny.Uni;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** A store whose state a test sets: healthy, unavailable, unresponsive, read-only, or failing after it stored. */
final class FlakyStore implements Store, ReadingStore {

    enum State {
        HEALTHY,
        UNAVAILABLE,
        UNRESPONSIVE,
        READ_ONLY,
        STORES_THEN_FAILS
    }

    private final MemoryStore store;
    final List<Long> appendedSequences = new CopyOnWriteArrayList<>();
    volatile State state = State.HEALTHY;

    FlakyStore(MemoryStore store) {
        this.store = store;
    }

    void reopen() {
        store.reopen();
    }

    private <T> Uni<T> answerByState(Uni<T> answer) {
        return Uni.createFrom().deferred(() -> switch (state) {
            case HEALTHY, READ_ONLY, STORES_THEN_FAILS -> answer;
            case UNAVAILABLE -> Uni.createFrom().failure(new PlaneException.Unavailable("unavailable", null));
            case UNRESPONSIVE -> Uni.createFrom().nothing();
        });
    }

    @Override
    public Uni<List<AppendResult>> append(List<ScreenedBatch> group) {
        return answerByState(Uni.createFrom().deferred(() -> {
            if (state == State.READ_ONLY) {
                throw new PlaneException.Unavailable("read-only", null);
            }
            group.forEach(batch -> appendedSequences.add(batch.sequence()));
            var receipts = store.append(group);
            return state == State.STORES_THEN_FAILS
                    ? receipts.chain(() -> Uni.createFrom().failure(new PlaneException.Unavailable("failed", null)))
                    : receipts;
        }));
    }

    @Override
    public Uni<List<Series>> series(Subject subject) {
        return answerByState(store.series(subject));
    }

    @Override
    public Uni<Columns> read(Series series, TimeRange range, Order order, int limit) {
        return answerByState(store.read(series, range, order, limit));
    }

    @Override
    public Uni<List<Reading>> latest(Subject subject) {
        return answerByState(store.latest(subject));
    }

    @Override
    public ReadingStore readings() {
        return this;
    }

    @Override
    public Registry registry() {
        return store;
    }

    @Override
    public Uni<StoreSize> size() {
        return answerByState(store.size());
    }

    @Override
    public Uni<Void> check() {
        return answerByState(store.check());
    }

    @Override
    public void close() {
        store.close();
    }
}
