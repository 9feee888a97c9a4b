package io.pulseplane.store.edge.maintenance;

import static io.pulseplane.ReadingFixtures.HEART_RATE;
import static io.pulseplane.ReadingFixtures.await;
import static io.pulseplane.ReadingFixtures.batch;
import static io.pulseplane.ReadingFixtures.series;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.pulseplane.store.edge.EdgeSettings;
import io.pulseplane.store.edge.EdgeStore;
import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.Order;
import io.pulseplane.vitals.PlaneException;
import io.pulseplane.vitals.Series;
import io.pulseplane.vitals.TimeRange;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Tests the store on a file system that is really full, a small one in memory. Where the tests have no permission to
 * mount it, they are skipped.
 */
class FullDiskTest {

    private static final long DISK = 80L << 20;
    private static final int READINGS = 10_000;
    private static final Series ADA = series("ada", "d1", HEART_RATE);

    @TempDir
    Path directory;

    private final SplittableRandom random = new SplittableRandom(11);
    private EdgeStore store;
    private long sequence;

    private Path disk() {
        return directory.resolve("disk");
    }

    private Path filler() {
        return disk().resolve("filler");
    }

    private static boolean run(String... command) throws IOException, InterruptedException {
        return new ProcessBuilder(command)
                        .redirectErrorStream(true)
                        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                        .start()
                        .waitFor()
                == 0;
    }

    @BeforeEach
    void mount() throws Exception {
        Files.createDirectory(disk());
        assumeTrue(
                Files.isExecutable(Path.of("/bin/mount"))
                        && run("/bin/mount", "-t", "tmpfs", "-o", "size=" + DISK, "tmpfs", disk().toString()),
                "a file system in memory cannot be mounted here");
        open();
    }

    @AfterEach
    void unmount() throws Exception {
        if (store != null) {
            store.close();
            assertThat(run("/bin/umount", disk().toString())).isTrue();
        }
    }

    private void open() {
        store = EdgeStore.open(disk().resolve("data"), EdgeSettings.of(1), () -> 1_763_000_000_000_000L);
    }

    /** Appends readings that cannot be compressed, and returns whether they were stored. */
    private boolean append() {
        long start = sequence * READINGS;
        var times = LongStream.range(start, start + READINGS).toArray();
        var values = random.doubles(READINGS).toArray();
        try {
            await(store.readings().append(List.of(batch(sequence + 1, new Columns(ADA, times, values)))));
            sequence++;
            return true;
        } catch (PlaneException.ResourceExhausted e) {
            assertThat(e.retryAfter()).isPositive();
            return false;
        }
    }

    /** Every reading that was acknowledged is stored once, and no other is. */
    private void assertAllStoredOnce() {
        var times = await(store.readings().read(ADA, TimeRange.ALL, Order.OLDEST_FIRST, Integer.MAX_VALUE))
                .times();
        assertThat(times).isEqualTo(LongStream.range(0, sequence * READINGS).toArray());
    }

    private long usableBytes() throws IOException {
        return Files.getFileStore(disk()).getUsableSpace();
    }

    /** Fills the file system to the last byte. */
    private void fillDisk() throws IOException {
        var block = new byte[1 << 16];
        try (var file = Files.newOutputStream(filler())) {
            while (true) {
                file.write(block);
            }
        } catch (IOException _) {
            assertThat(usableBytes()).isLessThan(block.length);
        }
    }

    @Test
    void batches_are_refused_while_there_is_still_room_for_compaction() throws Exception {
        while (append()) {
            assertThat(sequence * READINGS * Double.BYTES).isLessThan(DISK);
        }
        assertThat(sequence).isPositive();
        assertThat(usableBytes()).isGreaterThan(DiskBudget.RESERVE_BYTES / 2);
        await(store.compact());
        assertAllStoredOnce();
    }

    @Test
    void a_batch_without_room_is_not_stored_at_all_and_the_store_goes_on_when_there_is_room() throws Exception {
        assertThat(append()).isTrue();
        fillDisk();
        Awaitility.await().until(() -> !append());
        long stored = sequence;
        assertAllStoredOnce();
        Awaitility.await()
                .untilAsserted(() -> assertThatThrownBy(() -> await(store.check()))
                        .isInstanceOf(PlaneException.ResourceExhausted.class));

        Files.delete(filler());
        Awaitility.await().until(this::append);
        assertThat(sequence).isEqualTo(stored + 1);
        await(store.compact());
        assertAllStoredOnce();
    }

    @Test
    void opening_on_a_full_disk_fails_with_the_reason_and_succeeds_when_there_is_room() throws Exception {
        assertThat(append()).isTrue();
        store.close();
        fillDisk();
        assertThatThrownBy(this::open)
                .isInstanceOf(PlaneException.ResourceExhausted.class)
                .hasMessageContaining("disk is full");
        Files.delete(filler());
        open();
        assertAllStoredOnce();
        assertThat(append()).isTrue();
    }
}
