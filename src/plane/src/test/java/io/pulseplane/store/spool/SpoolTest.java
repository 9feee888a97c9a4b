package io.pulseplane.store.spool;

import static io.pulseplane.ReadingFixtures.ADA;
import static io.pulseplane.ReadingFixtures.HEART_RATE;
import static io.pulseplane.ReadingFixtures.RESPIRATORY_RATE;
import static io.pulseplane.ReadingFixtures.TIMEOUT;
import static io.pulseplane.ReadingFixtures.await;
import static io.pulseplane.ReadingFixtures.batch;
import static io.pulseplane.ReadingFixtures.columns;
import static io.pulseplane.ReadingFixtures.oneReading;
import static io.pulseplane.ReadingFixtures.series;
import static io.pulseplane.ReadingFixtures.times;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pulseplane.ReadingFixtures;
import io.pulseplane.files.PrivateFiles;
import io.pulseplane.store.AppendResult;
import io.pulseplane.store.RecordingChangeListener;
import io.pulseplane.store.crypto.Keyset;
import io.pulseplane.store.memory.MemoryStore;
import io.pulseplane.store.spool.FlakyStore.State;
import io.pulseplane.vitals.Acknowledgement;
import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.Order;
import io.pulseplane.vitals.PlaneException;
import io.pulseplane.vitals.Reading;
import io.pulseplane.vitals.Rejection;
import io.pulseplane.vitals.Rejection.Reason;
import io.pulseplane.vitals.ScreenedBatch;
import io.pulseplane.vitals.Series;
import io.pulseplane.vitals.TimeRange;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.LongStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the spool does with batches while the store behind does not take them. */
class SpoolTest {

    private static final Series ADAS = series("ada", "monitor", HEART_RATE);
    private static final Keyset KEYS = new Keyset(new byte[Keyset.BYTES], List.of());

    @TempDir
    Path directory;

    private final AtomicLong clock = new AtomicLong(1_763_000_000_000_000L);
    private final FlakyStore behind = new FlakyStore(new MemoryStore(clock::get));
    private final RecordingChangeListener changes = new RecordingChangeListener();
    private SpoolingStore store;

    static SpoolSettings settings(Path directory) {
        return settings(directory, KEYS, 1 << 20, 1_000, TIMEOUT);
    }

    private static SpoolSettings settings(
            Path directory, Keyset keys, long maxBytes, long maxBatches, Duration writeTimeout) {
        return new SpoolSettings(
                directory, keys, maxBytes, maxBatches, writeTimeout, Duration.ofMillis(1), Duration.ofMillis(10));
    }

    @BeforeEach
    void open() {
        open(settings(directory));
    }

    private void open(SpoolSettings settings) {
        store = SpoolingStore.open(behind, settings, clock::get, SpoolEvents.NONE);
        store.start(changes);
    }

    private void reopen(SpoolSettings settings) {
        store.close();
        behind.reopen();
        open(settings);
    }

    @AfterEach
    void close() {
        store.close();
    }

    private AppendResult put(ScreenedBatch batch) {
        return await(store.readings().append(List.of(batch))).getFirst();
    }

    private void awaitForwarded() {
        Awaitility.await().atMost(TIMEOUT).until(() -> store.pendingBatches() == 0);
    }

    private Columns all(Series series) {
        return await(behind.read(series, TimeRange.ALL, Order.OLDEST_FIRST, 1_000));
    }

    @Test
    void spools_batches_while_the_store_is_unavailable_and_forwards_them_in_order() {
        behind.state = State.UNAVAILABLE;
        for (int i = 1; i <= 50; i++) {
            var readings = oneReading(ADAS, i, 60 + i);
            assertThat(put(batch(i, readings)))
                    .isEqualTo(new AppendResult.Spooled(
                            new Acknowledgement("monitor", i, 1, 0, List.of()), List.of(readings), false));
        }
        assertThat(store.pendingBatches()).isEqualTo(50);
        assertThat(store.oldestPendingTime()).hasValue(clock.get());
        behind.state = State.HEALTHY;
        awaitForwarded();
        assertThat(all(ADAS).times())
                .containsExactly(LongStream.rangeClosed(1, 50).toArray());
        assertThat(behind.appendedSequences).isSorted().hasSize(50);
        assertThat(changes.confirmed()).hasSize(50);
        assertThat(store.oldestPendingTime()).isEmpty();
        assertThat(put(batch(51, oneReading(ADAS, 51, 60)))).isInstanceOf(AppendResult.Stored.class);
    }

    @Test
    void gives_the_disk_space_back_when_all_batches_are_forwarded() throws IOException {
        behind.state = State.UNAVAILABLE;
        for (int i = 1; i <= 20; i++) {
            put(batch(i, ReadingFixtures.regularColumns(1 + 1_000 * i, 1_000, ADAS)));
        }
        assertThat(bytesOnDisk()).isGreaterThan(100_000);
        behind.state = State.HEALTHY;
        awaitForwarded();
        Awaitility.await()
                .atMost(TIMEOUT)
                .untilAsserted(() -> assertThat(bytesOnDisk()).isLessThan(32_000));
    }

    private long bytesOnDisk() throws IOException {
        return Files.size(directory.resolve("spool.db")) + Files.size(directory.resolve("spool.db-wal"));
    }

    @Test
    void spools_batches_while_the_store_does_not_respond() {
        reopen(settings(directory, KEYS, 1 << 20, 1_000, Duration.ofMillis(50)));
        behind.state = State.UNRESPONSIVE;
        assertThat(put(batch(1, oneReading(ADAS, 1, 60)))).isInstanceOf(AppendResult.Spooled.class);
        behind.state = State.HEALTHY;
        awaitForwarded();
        assertThat(all(ADAS).times()).containsExactly(1);
    }

    @Test
    void stores_a_batch_once_if_the_store_failed_after_storing_it() {
        behind.state = State.STORES_THEN_FAILS;
        assertThat(put(batch(1, oneReading(ADAS, 1, 60)))).isInstanceOf(AppendResult.Spooled.class);
        behind.state = State.UNAVAILABLE;
        assertThat(put(batch(2, oneReading(ADAS, 2, 61)))).isInstanceOf(AppendResult.Spooled.class);
        behind.state = State.HEALTHY;
        awaitForwarded();
        assertThat(all(ADAS).times()).containsExactly(1, 2);
        assertThat(changes.confirmed())
                .as("the store failed before it answered")
                .hasSize(2);
        assertThat(store.setAsideBatches()).isZero();
    }

    @Test
    void keeps_waiting_batches_across_restarts() {
        behind.state = State.UNAVAILABLE;
        put(batch(
                1,
                columns(ADAS, times(1, 2, 5), 60, 61.5, -0.0),
                oneReading(series("ada", "monitor", RESPIRATORY_RATE), 3, 12)));
        reopen(settings(directory));
        assertThat(store.pendingBatches()).isEqualTo(1);
        put(batch(2, oneReading(ADAS, 9, 64)));
        behind.state = State.HEALTHY;
        awaitForwarded();
        assertThat(all(ADAS)).isEqualTo(columns(ADAS, times(1, 2, 5, 9), 60, 61.5, -0.0, 64));
        assertThat(all(series("ada", "monitor", RESPIRATORY_RATE)).times()).containsExactly(3);
    }

    @Test
    void acknowledges_batches_that_are_on_disk() throws IOException {
        behind.state = State.UNAVAILABLE;
        put(batch(1, oneReading(ADAS, 1, 60)));
        put(batch(2, oneReading(ADAS, 2, 61)));
        // The files that a plane leaves if it is killed now.
        var copy = Files.createDirectory(
                directory.resolve("left"), PosixFilePermissions.asFileAttribute(PrivateFiles.DIRECTORY_MODE));
        for (var name : List.of("spool.db", "spool.db-wal")) {
            Files.copy(directory.resolve(name), copy.resolve(name));
        }
        reopen(settings(copy));
        assertThat(store.pendingBatches()).isEqualTo(2);
        behind.state = State.HEALTHY;
        awaitForwarded();
        assertThat(all(ADAS).times()).containsExactly(1, 2);
    }

    @Test
    void answers_a_repeated_batch_like_the_first_one() {
        behind.state = State.UNAVAILABLE;
        var batch = batch(1, columns(ADAS, times(1, 2), 60, 61));
        put(batch);
        assertThat(put(batch))
                .isEqualTo(
                        new AppendResult.Spooled(new Acknowledgement("monitor", 1, 2, 0, List.of()), List.of(), true));
        var group = List.of(batch(2, oneReading(ADAS, 3, 60)), batch(2, oneReading(ADAS, 3, 60)));
        assertThat(await(store.readings().append(group)))
                .extracting(receipt -> ((AppendResult.Spooled) receipt).repeated())
                .containsExactly(false, true);
        assertThat(store.pendingBatches()).isEqualTo(2);
    }

    @Test
    void refuses_another_batch_with_a_waiting_sequence() {
        behind.state = State.UNAVAILABLE;
        put(batch(1, oneReading(ADAS, 1, 60)));
        var other = new ScreenedBatch(
                "monitor", "ada", 1, 99, List.of(new ScreenedBatch.Block(oneReading(ADAS, 1, 77), null)), 0, List.of());
        assertThat(put(other)).isInstanceOf(AppendResult.SequenceConflict.class);
        assertThat(store.pendingBatches()).isEqualTo(1);
    }

    @Test
    void keeps_the_rejections_and_duplicates_of_screening() {
        behind.state = State.UNAVAILABLE;
        var rejections = List.of(new Rejection(HEART_RATE, Reason.IMPLAUSIBLE, new int[] {1, 4}));
        var block = new ScreenedBatch.Block(columns(ADAS, times(1, 2), 60, 61), new int[] {3, 0});
        var batch = new ScreenedBatch("monitor", "ada", 1, 7, List.of(block), 2, rejections);
        var acknowledgement = new Acknowledgement("monitor", 1, 2, 2, rejections);
        assertThat(put(batch)).isEqualTo(new AppendResult.Spooled(acknowledgement, List.of(block.columns()), false));
        behind.state = State.HEALTHY;
        awaitForwarded();
        assertThat(put(batch)).isEqualTo(new AppendResult.Repeated(acknowledgement));
    }

    @Test
    void sets_batches_aside_whose_values_contradict_the_store() {
        put(batch(1, oneReading(ADAS, 1, 60)));
        behind.state = State.UNAVAILABLE;
        put(batch(2, columns(ADAS, times(1, 2), 77, 61)));
        put(batch(3, oneReading(ADAS, 3, 62)));
        behind.state = State.HEALTHY;
        awaitForwarded();
        assertThat(all(ADAS)).isEqualTo(columns(ADAS, times(1, 2, 3), 60, 61, 62));
        assertThat(store.setAsideBatches()).isEqualTo(1);
        assertThat(changes.displaced())
                .singleElement()
                .extracting(Columns::series)
                .isEqualTo(ADAS);
        reopen(settings(directory));
        assertThat(store.setAsideBatches()).as("kept").isEqualTo(1);
    }

    @Test
    void sets_a_batch_aside_if_the_store_has_another_of_its_sequence() {
        put(batch(1, oneReading(ADAS, 1, 60)));
        behind.state = State.UNAVAILABLE;
        var other = new ScreenedBatch(
                "monitor", "ada", 1, 99, List.of(new ScreenedBatch.Block(oneReading(ADAS, 2, 77), null)), 0, List.of());
        assertThat(put(other)).isInstanceOf(AppendResult.Spooled.class);
        behind.state = State.HEALTHY;
        awaitForwarded();
        assertThat(all(ADAS).times()).containsExactly(1);
        assertThat(store.setAsideBatches()).isEqualTo(1);
    }

    @Test
    void refuses_batches_beyond_the_bound_of_batches_with_a_retry_delay() {
        reopen(settings(directory, KEYS, 1 << 20, 3, TIMEOUT));
        behind.state = State.UNAVAILABLE;
        for (int i = 1; i <= 3; i++) {
            put(batch(i, oneReading(ADAS, i, 60)));
        }
        assertThatThrownBy(() -> put(batch(4, oneReading(ADAS, 4, 60))))
                .isInstanceOfSatisfying(
                        PlaneException.ResourceExhausted.class,
                        full -> assertThat(full.retryAfter()).isPositive());
        assertThat(put(batch(3, oneReading(ADAS, 3, 60)))).as("takes no room").isInstanceOf(AppendResult.Spooled.class);
        behind.state = State.HEALTHY;
        awaitForwarded();
        assertThat(put(batch(4, oneReading(ADAS, 4, 60)))).isInstanceOf(AppendResult.Stored.class);
    }

    @Test
    void refuses_batches_beyond_the_bound_of_bytes_and_keeps_nothing_of_them() {
        reopen(settings(directory, KEYS, 2_000, 1_000, TIMEOUT));
        behind.state = State.UNAVAILABLE;
        assertThatThrownBy(() -> {
                    for (int i = 1; i <= 20; i++) {
                        put(batch(i, oneReading(ADAS, i, 60)));
                    }
                })
                .isInstanceOf(PlaneException.ResourceExhausted.class);
        assertThat(store.pendingBatches()).isBetween(2L, 19L);
        assertThat(store.bytes()).isBetween(1_000L, 2_000L);
        assertThatThrownBy(() -> await(store.check())).isInstanceOf(PlaneException.Unavailable.class);
        behind.state = State.HEALTHY;
        awaitForwarded();
        assertThat(store.bytes()).isZero();
    }

    @Test
    void includes_waiting_readings_in_the_latest_readings() {
        var respiration = series("ada", "monitor", RESPIRATORY_RATE);
        put(batch(1, oneReading(ADAS, 5, 60)));
        behind.state = State.READ_ONLY;
        put(batch(2, oneReading(ADAS, 9, 61), oneReading(respiration, 2, 12)));
        assertThat(await(store.readings().latest(ADA)))
                .containsExactly(new Reading(ADAS, 9, 61), new Reading(respiration, 2, 12));
        assertThat(await(store.readings().series(ADA))).containsExactly(ADAS, respiration);
        put(batch(3, oneReading(ADAS, 1, 59)));
        assertThat(await(store.readings().latest(ADA))).contains(new Reading(ADAS, 9, 61));
    }

    @Test
    void makes_only_ranges_unavailable_that_may_include_waiting_readings() {
        put(batch(1, columns(ADAS, times(1, 5), 60, 61)));
        behind.state = State.READ_ONLY;
        put(batch(2, oneReading(ADAS, 9, 62)));
        var readings = store.readings();
        assertThatThrownBy(() -> await(readings.read(ADAS, TimeRange.ALL, Order.NEWEST_FIRST, 1)))
                .isInstanceOf(PlaneException.Unavailable.class);
        assertThat(await(readings.read(ADAS, new TimeRange(0, 9), Order.OLDEST_FIRST, 10))
                        .times())
                .containsExactly(1, 5);
        assertThat(await(readings.read(series("bob", "other", HEART_RATE), TimeRange.ALL, Order.OLDEST_FIRST, 1)))
                .satisfies(none -> assertThat(none.isEmpty()).isTrue());
        behind.state = State.HEALTHY;
        awaitForwarded();
        assertThat(await(readings.read(ADAS, TimeRange.ALL, Order.OLDEST_FIRST, 10))
                        .times())
                .containsExactly(1, 5, 9);
    }

    @Test
    void answers_no_query_after_a_restart_before_the_waiting_batches_are_indexed() {
        behind.state = State.UNAVAILABLE;
        put(batch(1, oneReading(ADAS, 9, 62)));
        store.close();
        behind.reopen();
        behind.state = State.READ_ONLY;
        store = SpoolingStore.open(behind, settings(directory), clock::get, SpoolEvents.NONE);
        assertThatThrownBy(() -> await(store.readings().latest(ADA))).isInstanceOf(PlaneException.Unavailable.class);
        store.start(changes);
        Awaitility.await()
                .atMost(TIMEOUT)
                .ignoreExceptionsInstanceOf(PlaneException.Unavailable.class)
                .untilAsserted(() ->
                        assertThat(await(store.readings().latest(ADA))).containsExactly(new Reading(ADAS, 9, 62)));
    }

    @Test
    void indexes_waiting_readings_by_series_and_time() {
        var index = new SpoolIndex();
        index.add(batch(1, columns(ADAS, times(3, 9), 60, 61)));
        index.add(batch(2, oneReading(ADAS, 20, 62)));
        assertThat(index.latest(ADA)).containsExactly(new Reading(ADAS, 20, 62));
        assertThat(index.mayContain(ADAS, new TimeRange(0, 3))).isFalse();
        assertThat(index.mayContain(ADAS, new TimeRange(0, 4))).isTrue();
        assertThat(index.mayContain(ADAS, new TimeRange(20, 21))).isTrue();
        assertThat(index.mayContain(ADAS, new TimeRange(21, 30))).isFalse();
        index.remove(batch(2, oneReading(ADAS, 20, 62)));
        assertThat(index.mayContain(ADAS, TimeRange.ALL)).isTrue();
        index.remove(batch(1, columns(ADAS, times(3, 9), 60, 61)));
        assertThat(index.mayContain(ADAS, TimeRange.ALL)).isFalse();
        assertThat(index.latest(ADA)).isEmpty();
    }

    @Test
    void writes_nothing_readable_into_its_files() throws IOException {
        behind.state = State.UNAVAILABLE;
        put(batch(1, oneReading(series("patient-of-note", "bedside-monitor", HEART_RATE), 1, 60)));
        try (var files = Files.list(directory)) {
            for (var file : files.toList()) {
                assertThat(new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1))
                        .doesNotContain("patient-of-note", "bedside-monitor", HEART_RATE);
            }
        }
    }

    @Test
    void opens_neither_with_other_keys_nor_for_a_second_plane() {
        behind.state = State.UNAVAILABLE;
        put(batch(1, oneReading(ADAS, 1, 60)));
        assertThatThrownBy(() -> SpoolingStore.open(behind, settings(directory), clock::get, SpoolEvents.NONE))
                .isInstanceOf(PlaneException.FailedPrecondition.class)
                .hasMessage("another plane has the spool open");
        store.close();
        var otherKey = new byte[Keyset.BYTES];
        otherKey[0] = 1;
        var wrongKeys = new Keyset(otherKey, List.of());
        assertThatThrownBy(() -> SpoolingStore.open(
                        behind, settings(directory, wrongKeys, 1 << 20, 10, TIMEOUT), clock::get, SpoolEvents.NONE))
                .isInstanceOf(PlaneException.FailedPrecondition.class);
        behind.reopen();
        open(settings(directory, new Keyset(otherKey, List.of(KEYS.current())), 1 << 20, 10, TIMEOUT));
        behind.state = State.HEALTHY;
        awaitForwarded();
        assertThat(all(ADAS).times()).containsExactly(1);
    }

    @Test
    void keeps_the_plane_ready_while_the_spool_has_room() {
        assertThat(await(store.check())).isNull();
        behind.state = State.UNAVAILABLE;
        assertThat(await(store.check())).as("there is room here").isNull();
    }
}
