package io.pulseplane.store.edge.disk;

import static io.pulseplane.ReadingFixtures.TIMEOUT;
import static io.pulseplane.ReadingFixtures.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pulseplane.store.AppendResult;
import io.pulseplane.store.FixedWindows;
import io.pulseplane.store.Patient;
import io.pulseplane.store.edge.EdgeStore;
import io.pulseplane.store.edge.RawDatabase;
import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.PlaneException;
import io.pulseplane.vitals.Subject;
import io.pulseplane.vitals.TimeRange;
import io.pulseplane.vitals.ValueRange;
import io.smallrye.mutiny.TimeoutException;
import io.smallrye.mutiny.Uni;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Tests that a store works again, without a restart, as soon as the disk does. {@code -Dpulseplane.chaos.seconds} says
 * how long the last test goes on, {@code -Dpulseplane.chaos.seed} repeats its choices.
 */
class HealingTest {

    private static final Duration CHAOS = Duration.ofSeconds(Long.getLong("pulseplane.chaos.seconds", 5));
    private static final long SEED = Long.getLong("pulseplane.chaos.seed", System.nanoTime());
    private static final int PATIENTS = 5;
    private static final NumberedBatches BATCHES = new NumberedBatches(PATIENTS, 50);

    @TempDir
    Path directory;

    private TracedDisk disk;
    private EdgeStore store;

    @BeforeEach
    void open() throws Exception {
        disk = TracedDisk.install(directory, _ -> 0);
        store = EdgeStore.open(directory.resolve("data"), 2, () -> 1_763_000_000_000_000L);
    }

    @AfterEach
    void close() {
        disk.close();
        store.close();
    }

    private Uni<List<AppendResult>> append(int number) {
        return BATCHES.append(store, number);
    }

    private Uni<Columns> read(int number) {
        return BATCHES.read(store, number);
    }

    private static Columns readings(int number) {
        return BATCHES.readings(number);
    }

    /** Makes operations of one kind fail, on the database or its log. */
    private void fail(Class<? extends TracedDisk.Operation> kind, int code) {
        disk.listen(operation -> kind.isInstance(operation) && operation.file().contains("pulseplane.db") ? code : 0);
    }

    private void requireEverythingWorks(int next) {
        Awaitility.await().atMost(TIMEOUT).ignoreExceptions().untilAsserted(() -> await(append(next)));
        await(append(next + PATIENTS));
        Awaitility.await().atMost(TIMEOUT).ignoreExceptions().untilAsserted(() -> await(store.compact()));
        await(append(next + 2 * PATIENTS));
        for (int number : List.of(next, next + PATIENTS, next + 2 * PATIENTS)) {
            assertThat(await(read(number))).isEqualTo(readings(number));
        }
        var patient = Patient.provisional("p" + next, 0);
        assertThat(await(store.registry().putPatient(patient)).item().id()).isEqualTo(patient.id());
        await(store.check());
        await(store.checkReads());
    }

    @Test
    void a_disk_that_did_not_write_is_written_to_again() {
        await(append(0));
        fail(TracedDisk.Write.class, TracedDisk.SQLITE_IOERR_WRITE);
        for (int i = 0; i < 5; i++) {
            assertThatThrownBy(() -> await(append(5))).isInstanceOf(PlaneException.Unavailable.class);
        }
        assertThatThrownBy(() -> await(store.check())).isInstanceOf(PlaneException.Unavailable.class);
        disk.listen(_ -> 0);
        requireEverythingWorks(10);
    }

    @Test
    void a_disk_that_did_not_sync_has_acknowledged_nothing_and_is_synced_again() {
        fail(TracedDisk.Sync.class, TracedDisk.SQLITE_IOERR_FSYNC);
        for (int i = 0; i < 3; i++) {
            assertThatThrownBy(() -> await(append(0))).isInstanceOf(PlaneException.Unavailable.class);
        }
        disk.listen(_ -> 0);
        requireEverythingWorks(0);
    }

    @Test
    void a_disk_that_was_full_is_written_to_again() {
        fail(TracedDisk.Write.class, TracedDisk.SQLITE_FULL);
        assertThatThrownBy(() -> await(append(0))).isInstanceOf(PlaneException.ResourceExhausted.class);
        disk.listen(_ -> 0);
        requireEverythingWorks(0);
    }

    @Test
    void reads_that_failed_leave_other_reads_and_compaction_alone() {
        for (int i = 0; i < 40; i++) {
            await(append(i));
        }
        await(store.compact());
        await(append(40));
        fail(TracedDisk.Read.class, TracedDisk.SQLITE_IOERR_READ);
        for (int i = 0; i < 6; i++) {
            var _ = store.compact().onFailure().recoverWithNull().await().atMost(TIMEOUT);
            var _ = read(i).onFailure().recoverWithNull().await().atMost(TIMEOUT);
        }
        disk.listen(_ -> 0);
        requireEverythingWorks(100);
        assertThat(await(read(40))).isEqualTo(readings(40));
    }

    @Test
    void keys_that_could_not_be_read_or_made_are_tried_again() {
        await(append(0));
        disk.listen(operation ->
                operation instanceof TracedDisk.Write && operation.file().contains("keys.db")
                        ? TracedDisk.SQLITE_IOERR_WRITE
                        : 0);
        // There are keys for the first 64 patients or so.
        assertThatThrownBy(() -> {
                    for (int i = 0; i < 100; i++) {
                        await(store.registry().putPatient(Patient.provisional("new" + i, 0)));
                    }
                })
                .isInstanceOf(PlaneException.Unavailable.class);
        disk.listen(_ -> 0);
        requireEverythingWorks(5);
        for (int i = 0; i < 100; i++) {
            await(store.registry().putPatient(Patient.provisional("new" + i, 0)));
        }
    }

    @Test
    void a_disk_that_fails_again_and_again_is_tried_less_and_less_often() {
        await(append(0));
        var attempts = new AtomicInteger();
        disk.listen(operation -> {
            if (operation instanceof TracedDisk.Write && operation.file().contains("pulseplane.db")) {
                attempts.incrementAndGet();
                return TracedDisk.SQLITE_IOERR_WRITE;
            }
            return 0;
        });
        int calls = 2_000;
        for (int i = 0; i < calls; i++) {
            assertThatThrownBy(() -> await(append(5))).isInstanceOf(PlaneException.Unavailable.class);
        }
        assertThat(attempts.get()).isBetween(2, calls / 10);
    }

    @Test
    void deadlines_cancellations_and_failures_of_the_disk_end_nothing_for_good() throws Exception {
        var random = new SplittableRandom(SEED);
        var acknowledged = new ArrayList<Integer>();
        var failingUntil = new AtomicReference<>(0L);
        var faults = new SplittableRandom(SEED + 1);
        disk.listen(operation -> {
            synchronized (faults) {
                boolean fails = System.nanoTime() < failingUntil.get() && faults.nextInt(8) == 0;
                return !fails
                        ? 0
                        : switch (operation) {
                            case TracedDisk.Read _ -> TracedDisk.SQLITE_IOERR_READ;
                            case TracedDisk.Write _ ->
                                faults.nextBoolean() ? TracedDisk.SQLITE_IOERR_WRITE : TracedDisk.SQLITE_FULL;
                            case TracedDisk.Sync _ -> TracedDisk.SQLITE_IOERR_FSYNC;
                            case TracedDisk.Open _, TracedDisk.Delete _, TracedDisk.Truncate _ -> 0;
                        };
            }
        });
        long end = System.nanoTime() + CHAOS.toNanos();
        int number = 0;
        while (System.nanoTime() < end) {
            if (random.nextInt(50) == 0) {
                failingUntil.set(System.nanoTime() + random.nextInt(100_000_000));
            }
            if (succeeds(append(number))) {
                acknowledged.add(number);
            }
            number++;
            int patient = random.nextInt(PATIENTS);
            var aggregate = store.readings()
                    .aggregate(
                            BATCHES.seriesOf(patient),
                            TimeRange.ALL,
                            ValueRange.ALL,
                            FixedWindows.startingAtEpoch(1_000_000),
                            10);
            var _ = succeeds(aggregate
                    .ifNoItem()
                    .after(Duration.ofNanos(1 + random.nextInt(2_000_000)))
                    .fail());
            if (random.nextInt(4) == 0) {
                store.readings()
                        .latest(new Subject.OfPatient("p" + patient))
                        .subscribe()
                        .with(_ -> {}, _ -> {})
                        .cancel();
            }
            if (random.nextInt(20) == 0) {
                var _ = succeeds(store.compact());
            }
        }
        disk.listen(_ -> 0);
        requireEverythingWorks(number + PATIENTS - number % PATIENTS + 1_000 * PATIENTS);
        assertThat(acknowledged).isNotEmpty();
        for (int acknowledgedNumber : acknowledged) {
            assertThat(await(read(acknowledgedNumber)))
                    .as("batch %d, seed %d", acknowledgedNumber, SEED)
                    .isEqualTo(readings(acknowledgedNumber));
        }
        assertThat(RawDatabase.queryLong(directory.resolve("data"), "SELECT count(*) FROM quarantined_chunk"))
                .isZero();
    }

    /** Whether a call succeeds. It may only fail in a way that a caller can understand. */
    private static boolean succeeds(Uni<?> call) {
        try {
            call.await().atMost(TIMEOUT);
            return true;
        } catch (PlaneException.Unavailable
                | PlaneException.ResourceExhausted
                | PlaneException.DeadlineExceeded
                | TimeoutException expected) {
            return false;
        }
    }
}
