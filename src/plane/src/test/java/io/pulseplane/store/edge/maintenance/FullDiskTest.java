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
 * A file system that is really full: a small one in memory, which takes the right to mount it. Where there is no such
 * right these tests are skipped, and say so.
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

    /** Readings that cannot be compressed; says whether they were taken. */
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

    /** Every reading that was taken is there, once, and no other. */
    private void assertWhole() {
        var times = await(store.readings().read(ADA, TimeRange.ALL, Order.OLDEST_FIRST, Integer.MAX_VALUE))
                .times();
        assertThat(times).isEqualTo(LongStream.range(0, sequence * READINGS).toArray());
    }

    private long usable() throws IOException {
        return Files.getFileStore(disk()).getUsableSpace();
    }

    /** To the last byte. */
    private void fill() throws IOException {
        var block = new byte[1 << 16];
        try (var file = Files.newOutputStream(filler())) {
            while (true) {
                file.write(block);
            }
        } catch (IOException _) {
            assertThat(usable()).isLessThan(block.length);
        }
    }

    @Test
    void refuses_batches_while_there_is_still_room_to_compact_what_it_has() throws Exception {
        while (append()) {
            assertThat(sequence * READINGS * Double.BYTES).isLessThan(DISK);
        }
        assertThat(sequence).isPositive();
        assertThat(usable()).isGreaterThan(DiskBudget.RESERVE_BYTES / 2);
        await(store.compact());
        assertWhole();
    }

    @Test
    void stores_nothing_of_what_finds_no_room_and_goes_on_when_there_is_some() throws Exception {
        assertThat(append()).isTrue();
        fill();
        Awaitility.await().until(() -> !append());
        long taken = sequence;
        assertWhole();
        assertThatThrownBy(() -> await(store.check())).isInstanceOf(PlaneException.Unavailable.class);

        Files.delete(filler());
        Awaitility.await().until(this::append);
        assertThat(sequence).isEqualTo(taken + 1);
        await(store.compact());
        assertWhole();
    }

    @Test
    void says_why_it_does_not_open_on_a_disk_that_is_full_and_opens_when_there_is_room() throws Exception {
        assertThat(append()).isTrue();
        store.close();
        fill();
        assertThatThrownBy(this::open)
                .isInstanceOf(PlaneException.ResourceExhausted.class)
                .hasMessageContaining("disk is full");
        Files.delete(filler());
        open();
        assertWhole();
        assertThat(append()).isTrue();
    }
}
