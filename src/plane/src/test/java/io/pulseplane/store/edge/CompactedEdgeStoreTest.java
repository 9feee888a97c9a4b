package io.pulseplane.store.edge;

import io.pulseplane.store.AppendResult;
import io.pulseplane.store.ReadingStore;
import io.pulseplane.store.Registry;
import io.pulseplane.store.Store;
import io.pulseplane.store.StoreContract;
import io.pulseplane.store.StoreSize;
import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.Order;
import io.pulseplane.vitals.Reading;
import io.pulseplane.vitals.ScreenedBatch;
import io.pulseplane.vitals.Series;
import io.pulseplane.vitals.Subject;
import io.pulseplane.vitals.TimeRange;
import io.smallrye.mutiny.Uni;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;

/** Tests the contract of stores with a store that compacts all readings into chunks before each query. */
class CompactedEdgeStoreTest extends StoreContract {

    @TempDir
    Path directory;

    @Override
    protected Store open() {
        return new CompactingStore(EdgeStore.open(directory, 2, clock::get));
    }

    @Override
    protected Store reopen(Store closed) {
        return open();
    }

    private record CompactingStore(EdgeStore store) implements Store, ReadingStore {

        @Override
        public Uni<List<AppendResult>> append(List<ScreenedBatch> group) {
            return store.readings().append(group);
        }

        @Override
        public Uni<List<Series>> series(Subject subject) {
            return store.compact().chain(() -> store.readings().series(subject));
        }

        @Override
        public Uni<Columns> read(Series series, TimeRange range, Order order, int limit) {
            return store.compact().chain(() -> store.readings().read(series, range, order, limit));
        }

        @Override
        public Uni<List<Reading>> latest(Subject subject) {
            return store.compact().chain(() -> store.readings().latest(subject));
        }

        @Override
        public ReadingStore readings() {
            return this;
        }

        @Override
        public Registry registry() {
            return store.registry();
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
}
