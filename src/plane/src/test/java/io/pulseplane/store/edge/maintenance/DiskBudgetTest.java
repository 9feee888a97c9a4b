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

/** A disk budget is kept before it is passed, and not after. */
class DiskBudgetTest {

    private static final long BUDGET = 2L << 20;
    private static final int READINGS = 500;

    /** In the journal and in a chunk; and a page that says which pages point to which. */
    private static final int GROUP_BYTES = 2 * (20 * READINGS + 16_384) + 4_096;

    private static final Series ADA = series("ada", "d1", HEART_RATE);
    private static final Series BOB = series("bob", "d2", HEART_RATE);

    @TempDir
    Path directory;

    private final SplittableRandom random = new SplittableRandom(7);
    private EdgeStore store;
    private long sequence;

    private void open(FullDiskPolicy whenFull) {
        store = EdgeStore.open(
                directory, EdgeSettings.of(1).withDiskBudget(BUDGET, whenFull), () -> 1_763_000_000_000_000L);
    }

    @AfterEach
    void close() {
        store.close();
    }

    /** Readings that cannot be compressed; says whether they were taken. */
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

    /** Of pages that hold something, in the database and in its log. */
    private long used() throws Exception {
        return RawDatabase.queryLong(directory, """
                SELECT (page_count - freelist_count) * page_size
                FROM pragma_page_count, pragma_freelist_count, pragma_page_size""");
    }

    private long[] times(Series series) {
        return await(store.readings().read(series, TimeRange.ALL, Order.OLDEST_FIRST, Integer.MAX_VALUE))
                .times();
    }

    @Test
    void refuses_batches_before_it_is_passed_and_takes_them_again_when_there_is_room() throws Exception {
        open(FullDiskPolicy.REFUSE);
        int taken = 0;
        while (append(taken % 2 == 0 ? ADA : BOB)) {
            taken++;
            assertThat(used()).isLessThan(BUDGET + GROUP_BYTES);
        }
        await(store.compact());
        // The journal has become chunks, and not two of everything; then it is full for good.
        while (append(taken % 2 == 0 ? ADA : BOB)) {
            taken++;
            assertThat(used()).isLessThan(BUDGET + GROUP_BYTES);
            await(store.compact());
            assertThat(used()).isLessThan(BUDGET + GROUP_BYTES);
        }
        assertThat(used()).isGreaterThan(BUDGET - 4 * GROUP_BYTES);
        assertThat(times(ADA).length + times(BOB).length).isEqualTo(taken * READINGS);

        await(store.registry().erasePatient("ada"));
        await(store.compact());
        assertThat(append(BOB)).isTrue();
    }

    @Test
    void drops_the_oldest_and_takes_what_comes() throws Exception {
        open(FullDiskPolicy.DROP_OLDEST);
        for (int i = 0; i < 800; i++) {
            // Who is refused in the moment in which there is no room may try again.
            if (!append(ADA)) {
                Awaitility.await().until(() -> append(ADA));
            }
            if (i % 10 == 0) {
                await(store.compact());
            }
            assertThat(used()).isLessThan(BUDGET + GROUP_BYTES);
        }
        await(store.compact());
        var times = times(ADA);
        assertThat(times.length).isBetween(READINGS * 100, READINGS * 799);
        // What is left is the newest, without a gap where something was taken.
        assertThat(times[times.length - 1]).isEqualTo(sequence * READINGS - 1);
        assertThat(times[times.length - 1] - times[0]).isEqualTo(times.length - 1);
        assertThat(RawDatabase.countOverlaps(directory)).isZero();
    }
}
