package io.pulseplane.ingest;

import static io.pulseplane.ReadingFixtures.HEART_RATE;
import static io.pulseplane.ReadingFixtures.oneReading;
import static io.pulseplane.ReadingFixtures.series;
import static org.assertj.core.api.Assertions.assertThat;

import io.pulseplane.ReadingFixtures;
import io.pulseplane.store.AppendResult;
import io.pulseplane.store.ReadingStore;
import io.pulseplane.vitals.Acknowledgement;
import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.Order;
import io.pulseplane.vitals.Reading;
import io.pulseplane.vitals.ScreenedBatch;
import io.pulseplane.vitals.Series;
import io.pulseplane.vitals.Subject;
import io.pulseplane.vitals.TimeRange;
import io.smallrye.mutiny.Uni;
import io.smallrye.mutiny.subscription.UniEmitter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** Checks parallel groups with a store that handles two groups at a time. */
class CommitQueuesTest {

    private final ParallelStore store = new ParallelStore();
    private final GroupCommit commits = new GroupCommit(store, (_, _) -> {}, new RecordingIngestEvents());

    private CompletableFuture<AppendResult> submit(String device, long sequence) {
        return commits.submit(
                        ReadingFixtures.batch(sequence, oneReading(series("ada", device, HEART_RATE), sequence, 60)))
                .subscribeAsCompletionStage();
    }

    @Test
    void batches_of_two_devices_are_stored_in_parallel() {
        var _ = submit("a", 1);
        var _ = submit("b", 2);
        assertThat(store.pendingBatches()).containsExactly(List.of("a 1"), List.of("b 2"));
    }

    @Test
    void batches_of_one_device_keep_their_order() {
        var _ = submit("a", 1);
        var _ = submit("a", 2);
        assertThat(store.pendingBatches()).containsExactly(List.of("a 1"));
        store.finish(0);
        assertThat(store.pendingBatches()).containsExactly(List.of("a 2"));
    }

    @Test
    void a_new_device_goes_to_the_shortest_queue() {
        var _ = submit("a", 1);
        var _ = submit("a", 2);
        var _ = submit("b", 3);
        var _ = submit("c", 4);
        var _ = submit("d", 5);
        // The queue of b was shorter when c came. Then both queues have two batches, so d goes to either.
        store.finish(1);
        assertThat(store.pendingBatches().getLast()).contains("c 4");
    }

    @Test
    void a_device_without_pending_batches_may_change_its_queue() {
        var _ = submit("a", 1);
        store.finish(0);
        var _ = submit("b", 2);
        var _ = submit("a", 3);
        assertThat(store.pendingBatches()).containsExactly(List.of("b 2"), List.of("a 3"));
    }

    /** Keeps every group pending until the test finishes it. */
    private static final class ParallelStore implements ReadingStore {

        private record PendingGroup(List<ScreenedBatch> batches, UniEmitter<? super List<AppendResult>> emitter) {}

        private final List<PendingGroup> groups = new ArrayList<>();

        @Override
        public int appendParallelism() {
            return 2;
        }

        @Override
        public synchronized Uni<List<AppendResult>> append(List<ScreenedBatch> group) {
            return Uni.createFrom().emitter(emitter -> groups.add(new PendingGroup(group, emitter)));
        }

        synchronized List<List<String>> pendingBatches() {
            return groups.stream()
                    .map(group -> group.batches.stream()
                            .map(batch -> batch.device() + " " + batch.sequence())
                            .toList())
                    .toList();
        }

        void finish(int index) {
            var group = groups.remove(index);
            group.emitter.complete(group.batches.stream()
                    .<AppendResult>map(batch -> new AppendResult.Stored(
                            new Acknowledgement(batch.device(), batch.sequence(), 1, 0, List.of()), List.of()))
                    .toList());
        }

        @Override
        public Uni<List<Series>> series(Subject subject) {
            return Uni.createFrom().item(List.of());
        }

        @Override
        public Uni<Columns> read(Series series, TimeRange range, Order order, int limit) {
            return Uni.createFrom().item(new Columns(series, new long[0], new double[0]));
        }

        @Override
        public Uni<List<Reading>> latest(Subject subject) {
            return Uni.createFrom().item(List.of());
        }
    }
}
