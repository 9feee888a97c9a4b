package io.pulseplane.ingest;

import io.pulseplane.ReadingFixtures;
import io.pulseplane.store.AppendResult;
import io.pulseplane.store.ReadingStore;
import io.pulseplane.store.memory.MemoryStore;
import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.Order;
import io.pulseplane.vitals.Reading;
import io.pulseplane.vitals.ScreenedBatch;
import io.pulseplane.vitals.Series;
import io.pulseplane.vitals.Subject;
import io.pulseplane.vitals.TimeRange;
import io.smallrye.mutiny.Uni;
import io.smallrye.mutiny.subscription.UniEmitter;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;

/** A store that handles a group until the test syncs it or lets it fail. */
final class ManuallySyncedStore implements ReadingStore {

    private record PendingAppend(List<ScreenedBatch> group, UniEmitter<? super List<AppendResult>> emitter) {}

    private final MemoryStore store = new MemoryStore(() -> 0);
    private final Queue<PendingAppend> pendingAppends = new ConcurrentLinkedQueue<>();
    private final List<List<Long>> groups = new CopyOnWriteArrayList<>();

    @Override
    public Uni<List<AppendResult>> append(List<ScreenedBatch> group) {
        return Uni.createFrom().emitter(emitter -> {
            groups.add(group.stream().map(ScreenedBatch::sequence).toList());
            pendingAppends.add(new PendingAppend(group, emitter));
        });
    }

    /** Returns the groups so far, as the sequences of their batches. */
    List<List<Long>> groups() {
        return groups;
    }

    /** Finishes the oldest write; returns whether there was one. */
    boolean sync() {
        var write = pendingAppends.poll();
        if (write == null) {
            return false;
        }
        write.emitter.complete(ReadingFixtures.await(store.append(write.group)));
        return true;
    }

    /** Fails the oldest write, and stores nothing of it. */
    void fail(Throwable failure) {
        pendingAppends.remove().emitter.fail(failure);
    }

    @Override
    public Uni<List<Series>> series(Subject subject) {
        return store.series(subject);
    }

    @Override
    public Uni<Columns> read(Series series, TimeRange range, Order order, int limit) {
        return store.read(series, range, order, limit);
    }

    @Override
    public Uni<List<Reading>> latest(Subject subject) {
        return store.latest(subject);
    }
}
