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

/** Groups side by side, into a store that takes two at a time. */
class CommitQueuesTest {

    private final ParallelStore store = new ParallelStore();
    private final GroupCommit commits = new GroupCommit(store, (_, _) -> {}, new RecordingIngestEvents());

    private CompletableFuture<AppendResult> submit(String device, long sequence) {
        return commits.submit(
                        ReadingFixtures.batch(sequence, oneReading(series("ada", device, HEART_RATE), sequence, 60)))
                .subscribeAsCompletionStage();
    }

    @Test
    void batches_of_two_devices_are_under_way_at_once() {
        submit("a", 1);
        submit("b", 2);
        assertThat(store.pendingBatches()).containsExactly(List.of("a 1"), List.of("b 2"));
    }

    @Test
    void a_batch_never_passes_one_of_the_same_device() {
        submit("a", 1);
        submit("a", 2);
        assertThat(store.pendingBatches()).containsExactly(List.of("a 1"));
        store.finish(0);
        assertThat(store.pendingBatches()).containsExactly(List.of("a 2"));
    }

    @Test
    void a_device_that_comes_anew_goes_where_fewest_wait() {
        submit("a", 1);
        submit("a", 2);
        submit("b", 3);
        submit("c", 4);
        submit("d", 5);
        // Behind b wait c and, as there are two before it in either lane, d behind a or b.
        store.finish(1);
        assertThat(store.pendingBatches().getLast()).contains("c 4");
    }

    @Test
    void a_device_of_which_nothing_waits_may_go_elsewhere() {
        submit("a", 1);
        store.finish(0);
        submit("b", 2);
        submit("a", 3);
        assertThat(store.pendingBatches()).containsExactly(List.of("b 2"), List.of("a 3"));
    }

    /** Keeps groups under way until told to finish one. */
    private static final class ParallelStore implements ReadingStore {

        private record PendingGroup(List<ScreenedBatch> batches, UniEmitter<? super List<AppendResult>> answer) {}

        private final List<PendingGroup> groups = new ArrayList<>();

        @Override
        public int appendParallelism() {
            return 2;
        }

        @Override
        public synchronized Uni<List<AppendResult>> append(List<ScreenedBatch> group) {
            return Uni.createFrom().emitter(answer -> groups.add(new PendingGroup(group, answer)));
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
            group.answer.complete(group.batches.stream()
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
