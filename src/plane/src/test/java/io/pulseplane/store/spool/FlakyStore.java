package io.pulseplane.store.spool;

import io.pulseplane.store.ReadingStore;
import io.pulseplane.store.Receipt;
import io.pulseplane.store.Registry;
import io.pulseplane.store.Store;
import io.pulseplane.store.StoreSize;
import io.pulseplane.store.memory.MemoryStore;
import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.Order;
import io.pulseplane.vitals.Problem;
import io.pulseplane.vitals.Reading;
import io.pulseplane.vitals.ScreenedBatch;
import io.pulseplane.vitals.Series;
import io.pulseplane.vitals.Subject;
import io.pulseplane.vitals.TimeRange;
import io.smallrye.mutiny.Uni;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** A store that is there, is gone, says nothing, or does what it is told and does not live to say so. */
final class FlakyStore implements Store, ReadingStore {

    enum State {
        WELL,
        GONE,
        SILENT,
        ONLY_ANSWERS,
        TAKES_AND_DIES
    }

    private final MemoryStore store;
    final List<Long> sequences = new CopyOnWriteArrayList<>();
    volatile State state = State.WELL;

    FlakyStore(MemoryStore store) {
        this.store = store;
    }

    void reopen() {
        store.reopened();
    }

    private <T> Uni<T> answer(Uni<T> answer) {
        return Uni.createFrom().deferred(() -> switch (state) {
            case WELL, ONLY_ANSWERS, TAKES_AND_DIES -> answer;
            case GONE -> Uni.createFrom().failure(new Problem.Unavailable("gone", null));
            case SILENT -> Uni.createFrom().nothing();
        });
    }

    @Override
    public Uni<List<Receipt>> append(List<ScreenedBatch> group) {
        return answer(Uni.createFrom().deferred(() -> {
            if (state == State.ONLY_ANSWERS) {
                throw new Problem.Unavailable("only answers", null);
            }
            group.forEach(batch -> sequences.add(batch.sequence()));
            var receipts = store.append(group);
            return state == State.TAKES_AND_DIES
                    ? receipts.chain(() -> Uni.createFrom().failure(new Problem.Unavailable("died", null)))
                    : receipts;
        }));
    }

    @Override
    public Uni<List<Series>> series(Subject subject) {
        return answer(store.series(subject));
    }

    @Override
    public Uni<Columns> read(Series series, TimeRange range, Order order, int limit) {
        return answer(store.read(series, range, order, limit));
    }

    @Override
    public Uni<List<Reading>> latest(Subject subject) {
        return answer(store.latest(subject));
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
        return answer(store.size());
    }

    @Override
    public Uni<Void> check() {
        return answer(store.check());
    }

    @Override
    public void close() {
        store.close();
    }
}
