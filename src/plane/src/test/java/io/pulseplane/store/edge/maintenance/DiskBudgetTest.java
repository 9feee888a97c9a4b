package io.pulseplane.store.edge.maintenance;

import static io.pulseplane.ReadingFixtures.HEART_RATE;
import static io.pulseplane.ReadingFixtures.await;
import static io.pulseplane.ReadingFixtures.batch;
import static io.pulseplane.ReadingFixtures.series;
import static org.assertj.core.api.Assertions.assertThat;

import io.pulseplane.store.edge.EdgeSettings;
import io.pulseplane.store.edge.EdgeStore;
import io.pulseplane.store.edge.RawDatabase;
import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.Order;
import io.pulseplane.vitals.PlaneException;
import io.pulseplane.vitals.Series;
import io.pulseplane.vitals.TimeRange;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests that the store refuses batches, or deletes chunks, before it uses more than its budget of bytes. */
class DiskBudgetTest {

    private static final long BUDGET = 2L << 20;
    private static final int READINGS = 500;

    /** What a group takes in the journal and in a chunk, and a page that points to others. */
    private static final int GROUP_BYTES = 2 * (20 * READINGS + 16_384) + 4_096;

    private static final Series ADA = series("ada", "d1", HEART_RATE);
    private static final Series BOB = series("bob", "d2", HEART_RATE);

    @TempDir
    Path directory;

    private final SplittableRandom random = new SplittableRandom(7);
    private EdgeStore store;
    private long sequence;

    private void open(FullDiskPolicy policy) {
        store = EdgeStore.open(
                directory, EdgeSettings.of(1).withDiskBudget(BUDGET, policy), () -> 1_763_000_000_000_000L);
    }

    @AfterEach
    void close() {
        store.close();
    }

    /** Appends readings that cannot be compressed, and returns whether they were stored. */
    private boolean append(Series series) {
        long start = sequence * READINGS;
        var times = LongStream.range(start, start + READINGS).toArray();
        var values = random.doubles(READINGS).toArray();
        try {
            await(store.readings().append(List.of(batch(sequence + 1, new Columns(series, times, values)))));
            sequence++;
            return true;
        } catch (PlaneException.ResourceExhausted e) {
            assertThat(e.retryAfter()).isPositive();
            return false;
        }
    }

    /** The size of the pages that are in use. */
    private long usedBytes() throws Exception {
        return RawDatabase.queryLong(directory, """
                SELECT (page_count - freelist_count) * page_size
                FROM pragma_page_count, pragma_freelist_count, pragma_page_size""");
    }

    private long[] times(Series series) {
        return await(store.readings().read(series, TimeRange.ALL, Order.OLDEST_FIRST, Integer.MAX_VALUE))
                .times();
    }

    @Test
    void batches_are_refused_before_the_budget_is_exceeded_and_stored_again_when_there_is_room() throws Exception {
        open(FullDiskPolicy.REFUSE);
        int stored = 0;
        while (append(stored % 2 == 0 ? ADA : BOB)) {
            stored++;
            assertThat(usedBytes()).isLessThan(BUDGET + GROUP_BYTES);
        }
        await(store.compact());
        // Compaction made room, because readings are in the journal no more. Now append until the budget is really used
        // up.
        while (append(stored % 2 == 0 ? ADA : BOB)) {
            stored++;
            assertThat(usedBytes()).isLessThan(BUDGET + GROUP_BYTES);
            await(store.compact());
            assertThat(usedBytes()).isLessThan(BUDGET + GROUP_BYTES);
        }
        assertThat(usedBytes()).isGreaterThan(BUDGET - 4 * GROUP_BYTES);
        assertThat(times(ADA).length + times(BOB).length).isEqualTo(stored * READINGS);

        await(store.registry().erasePatient("ada"));
        await(store.compact());
        assertThat(append(BOB)).isTrue();
    }

    @Test
    void the_oldest_chunks_are_deleted_and_new_batches_stored() throws Exception {
        open(FullDiskPolicy.DROP_OLDEST);
        for (int i = 0; i < 800; i++) {
            // A batch that is refused while maintenance makes room is tried again.
            if (!append(ADA)) {
                Awaitility.await().until(() -> append(ADA));
            }
            if (i % 10 == 0) {
                await(store.compact());
            }
            assertThat(usedBytes()).isLessThan(BUDGET + GROUP_BYTES);
        }
        await(store.compact());
        var times = times(ADA);
        assertThat(times.length).isBetween(READINGS * 100, READINGS * 799);
        // The newest readings are left, without a gap between them.
        assertThat(times[times.length - 1]).isEqualTo(sequence * READINGS - 1);
        assertThat(times[times.length - 1] - times[0]).isEqualTo(times.length - 1);
        assertThat(RawDatabase.countOverlaps(directory)).isZero();
    }
}
