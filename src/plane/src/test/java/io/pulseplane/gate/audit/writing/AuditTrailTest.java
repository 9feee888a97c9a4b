package io.pulseplane.gate.audit.writing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pulseplane.ReadingFixtures;
import io.pulseplane.files.PrivateFiles.Access;
import io.pulseplane.gate.audit.AuditDirectory;
import io.pulseplane.gate.audit.AuditRecord;
import io.pulseplane.gate.audit.Decision;
import io.pulseplane.gate.audit.SignatureCheck;
import io.pulseplane.gate.audit.SignedHead;
import io.pulseplane.gate.audit.SigningKey;
import io.pulseplane.gate.audit.verifying.VerificationResult;
import io.pulseplane.gate.audit.writing.AuditSettings.Mode;
import io.pulseplane.vitals.PlaneException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class AuditTrailTest {

    private static final int THREADS = 8;

    @TempDir
    Path directory;

    private final AtomicLong clock = new AtomicLong(TrailFixture.NOW);
    private final RecordingAuditEvents events = new RecordingAuditEvents();
    private final FaultyDisk disk = new FaultyDisk();

    private AuditTrail open(AuditSettings settings) {
        return AuditTrail.open(settings, clock::get, events, disk);
    }

    private AuditTrail open(Mode mode) {
        return open(TrailFixture.settings(mode, trailDirectory()));
    }

    private Path trailDirectory() {
        return directory.resolve("trail");
    }

    private static boolean isDone(CompletionStage<Void> stage) {
        return stage.toCompletableFuture().isDone();
    }

    private static void assertUnavailable(CompletionStage<Void> stage) {
        assertThatThrownBy(() -> TrailFixture.await(stage)).isInstanceOf(PlaneException.Unavailable.class);
    }

    private void awaitSyncing() {
        Awaitility.await().atMost(ReadingFixtures.TIMEOUT).until(disk::isSyncing);
    }

    private List<AuditRecord> recordsBetween(int from, int to) {
        return IntStream.range(from, to).mapToObj(TrailFixture::record).toList();
    }

    private void assertIntact(long expectedRecords) {
        assertThat(TrailFixture.verify(trailDirectory()))
                .isInstanceOfSatisfying(VerificationResult.Intact.class, result -> {
                    assertThat(result.records()).isEqualTo(expectedRecords);
                    assertThat(result.unsignedRecords()).isZero();
                });
    }

    @ParameterizedTest
    @EnumSource(names = {"SYNC", "ASYNC"})
    void keeps_the_order_of_each_thread_that_appends(Mode mode) throws Exception {
        int recordsPerThread = 2_000;
        try (var trail = open(mode);
                var threads = Executors.newFixedThreadPool(THREADS)) {
            var futures = new ArrayList<Future<?>>();
            for (int t = 0; t < THREADS; t++) {
                var subject = "nurse-" + t;
                futures.add(threads.submit(() -> {
                    var stages = new ArrayList<CompletionStage<Void>>();
                    for (int i = 0; i < recordsPerThread; i++) {
                        stages.add(trail.append(TrailFixture.record(i, subject, "query", "ada", Decision.PERMITTED)));
                    }
                    stages.forEach(TrailFixture::await);
                }));
            }
            for (var future : futures) {
                future.get();
            }
        }
        assertIntact((long) THREADS * recordsPerThread);
        assertThat(events.records()).isEqualTo(THREADS * recordsPerThread);
        var records = TrailFixture.records(trailDirectory());
        for (int t = 0; t < THREADS; t++) {
            var subject = "nurse-" + t;
            assertThat(records.stream().filter(record -> record.subject().equals(subject)))
                    .extracting(AuditRecord::timeUs)
                    .hasSize(recordsPerThread)
                    .isSorted()
                    .doesNotHaveDuplicates();
        }
    }

    @Test
    void can_be_read_by_its_owner_only() throws IOException {
        open(Mode.SYNC).close();
        try (var trail = open(Mode.SYNC)) {
            TrailFixture.append(trail, 0, 3);
        }
        assertThat(Files.getPosixFilePermissions(trailDirectory()))
                .isEqualTo(PosixFilePermissions.fromString("rwx------"));
        try (var files = Files.list(trailDirectory())) {
            assertThat(files.filter(file -> !file.endsWith("node.pub")))
                    .hasSize(3)
                    .allSatisfy(file -> assertThat(Files.getPosixFilePermissions(file))
                            .isEqualTo(PosixFilePermissions.fromString("rw-------")));
        }
    }

    @Test
    void is_not_opened_with_a_key_that_others_can_read() throws IOException {
        open(Mode.SYNC).close();
        Files.setPosixFilePermissions(
                trailDirectory().resolve("node.key"), PosixFilePermissions.fromString("rw-r-----"));
        assertThatThrownBy(() -> open(Mode.SYNC)).isInstanceOf(PlaneException.FailedPrecondition.class);
    }

    @Test
    void is_not_opened_if_its_directory_cannot_be_created() throws IOException {
        Files.writeString(trailDirectory(), "in the way");
        assertThatThrownBy(() -> open(Mode.SYNC)).isInstanceOf(PlaneException.Unavailable.class);
    }

    @Nested
    class InSyncMode {

        @Test
        void completes_when_the_record_is_on_disk_and_not_before() {
            disk.holdSyncs();
            try (var trail = open(Mode.SYNC)) {
                var completion = trail.append(TrailFixture.record(1));
                awaitSyncing();
                assertThat(TrailFixture.records(trailDirectory())).containsExactly(TrailFixture.record(1));
                assertThat(isDone(completion)).isFalse();
                disk.sync();
                TrailFixture.await(completion);
                disk.sync(); // Lets the segment be sealed.
            }
        }

        @Test
        void has_every_completed_record_in_the_file() {
            try (var trail = open(Mode.SYNC)) {
                for (int i = 0; i < 200; i++) {
                    TrailFixture.await(trail.append(TrailFixture.record(i)));
                    assertThat(TrailFixture.records(trailDirectory()))
                            .hasSize(i + 1)
                            .endsWith(TrailFixture.record(i));
                }
            }
        }

        @Test
        void makes_one_group_of_records_that_come_during_a_sync() {
            disk.holdSyncs();
            try (var trail = open(Mode.SYNC)) {
                var first = trail.append(TrailFixture.record(0));
                awaitSyncing();
                var others = IntStream.range(1, 500)
                        .mapToObj(i -> trail.append(TrailFixture.record(i)))
                        .toList();
                disk.sync();
                TrailFixture.await(first);
                awaitSyncing();
                assertThat(others).noneMatch(AuditTrailTest::isDone);
                disk.sync();
                others.forEach(TrailFixture::await);
                assertThat(events.groups()).containsExactly(1, 499);
                disk.sync();
            }
            assertIntact(500);
        }

        @Test
        void gives_completions_that_callers_cannot_complete() {
            disk.holdSyncs();
            try (var trail = open(Mode.SYNC)) {
                var completion = trail.append(TrailFixture.record(0));
                awaitSyncing();
                completion.toCompletableFuture().complete(null);
                var other = trail.append(TrailFixture.record(1));
                assertThat(isDone(trail.append(TrailFixture.record(2)))).isFalse();
                disk.sync();
                awaitSyncing();
                assertThat(isDone(other)).isFalse();
                disk.sync();
                TrailFixture.await(other);
                disk.sync();
            }
        }

        @Test
        void refuses_records_while_the_queue_is_full_and_takes_them_when_it_has_room_again() {
            disk.holdSyncs();
            var settings = withQueue(new AuditSettings.Queue(10, 1 << 20), Mode.SYNC);
            try (var trail = open(settings)) {
                var first = trail.append(TrailFixture.record(0));
                awaitSyncing();
                var waiting = IntStream.range(1, 10)
                        .mapToObj(i -> trail.append(TrailFixture.record(i)))
                        .toList();
                assertUnavailable(trail.append(TrailFixture.record(10)));
                assertThat(events.refusals()).isEqualTo(1);
                assertThat(trail.isHealthy()).isTrue();
                disk.sync();
                TrailFixture.await(first);
                var late = trail.append(TrailFixture.record(11));
                disk.sync();
                waiting.forEach(TrailFixture::await);
                disk.sync();
                TrailFixture.await(late);
                disk.sync();
            }
            assertIntact(11);
        }

        @Test
        void bounds_the_bytes_of_waiting_records() {
            disk.holdSyncs();
            var longRecord =
                    TrailFixture.record(1, "x".repeat(AuditRecord.MAX_TEXT_LENGTH), "query", "ada", Decision.PERMITTED);
            try (var trail =
                    open(withQueue(new AuditSettings.Queue(1_000, 3L * longRecord.weightBytes()), Mode.SYNC))) {
                for (int i = 0; i < 3; i++) {
                    trail.append(longRecord);
                }
                assertUnavailable(trail.append(longRecord));
                disk.sync();
                disk.sync();
                disk.sync();
                disk.sync();
            }
            assertIntact(3);
        }

        @Test
        void writes_waiting_records_before_it_is_closed_and_refuses_new_ones() {
            var trail = open(Mode.SYNC);
            var completions = IntStream.range(0, 1_000)
                    .mapToObj(i -> trail.append(TrailFixture.record(i)))
                    .toList();
            trail.close();
            assertThat(completions).allMatch(AuditTrailTest::isDone);
            completions.forEach(TrailFixture::await);
            assertUnavailable(trail.append(TrailFixture.record(1)));
            assertThat(trail.isHealthy()).isFalse();
            trail.close();
            assertIntact(1_000);
        }
    }

    private AuditSettings withQueue(AuditSettings.Queue queue, Mode mode) {
        return new AuditSettings(
                mode,
                trailDirectory(),
                Access.OWNER,
                new SigningKey.Source.InDirectory(),
                "edge-1",
                Duration.ofDays(1),
                queue,
                AuditSettings.Segments.DEFAULT);
    }

    @Nested
    class InAsyncMode {

        @Test
        void completes_at_once_and_always_with_the_same_instance() {
            disk.holdSyncs();
            var trail = open(Mode.ASYNC);
            var completion = trail.append(TrailFixture.record(0));
            assertThat(isDone(completion)).isTrue();
            assertThat(trail.append(TrailFixture.record(1)) == completion).isTrue();
            disk.sync();
            disk.sync();
            disk.sync();
            trail.close();
            assertIntact(2);
        }

        @Test
        void is_on_disk_after_the_interval() {
            try (var trail = open(Mode.ASYNC)) {
                trail.append(TrailFixture.record(0));
                Awaitility.await().atMost(ReadingFixtures.TIMEOUT).until(() -> events.records() == 1);
                assertThat(TrailFixture.records(trailDirectory())).containsExactly(TrailFixture.record(0));
            }
        }

        @Test
        void is_written_before_the_interval_ends_if_many_records_wait() {
            try (var trail = open(withQueue(new AuditSettings.Queue(100, 1 << 20), Mode.ASYNC))) {
                for (int i = 0; i < 25; i++) {
                    trail.append(TrailFixture.record(i));
                }
                Awaitility.await().atMost(ReadingFixtures.TIMEOUT).until(() -> events.records() > 0);
            }
            assertIntact(25);
        }

        @Test
        void is_written_before_the_interval_ends_if_many_bytes_wait() {
            int weight = TrailFixture.record(0).weightBytes();
            try (var trail = open(withQueue(new AuditSettings.Queue(1_000_000, 100L * weight), Mode.ASYNC))) {
                for (int i = 0; i < 25; i++) {
                    trail.append(TrailFixture.record(i));
                }
                Awaitility.await().atMost(ReadingFixtures.TIMEOUT).until(() -> events.records() > 0);
            }
            assertIntact(25);
        }

        @Test
        void refuses_records_while_the_queue_is_full() {
            disk.holdSyncs();
            var trail = open(withQueue(new AuditSettings.Queue(4, 1 << 20), Mode.ASYNC));
            for (int i = 0; i < 4; i++) {
                TrailFixture.await(trail.append(TrailFixture.record(i)));
            }
            assertUnavailable(trail.append(TrailFixture.record(4)));
            for (int i = 0; i < 6; i++) {
                disk.sync();
            }
            trail.close();
            assertThat(TrailFixture.records(trailDirectory())).isEqualTo(recordsBetween(0, 4));
        }
    }

    @Nested
    class Off {

        @Test
        void writes_nothing_and_refuses_nothing() {
            try (var trail = open(Mode.OFF)) {
                assertThat(trail.isEnabled()).isFalse();
                assertThat(trail.isHealthy()).isTrue();
                TrailFixture.await(trail.append(TrailFixture.record(0)));
            }
            assertThat(trailDirectory()).doesNotExist();
        }
    }

    @Nested
    class Segments {

        @Test
        void are_sealed_when_they_reach_their_size() {
            try (var trail = open(TrailFixture.settingsWithSegmentBytes(5_000, trailDirectory()))) {
                TrailFixture.append(trail, 0, 100);
            }
            assertThat(TrailFixture.segments(trailDirectory()))
                    .hasSizeGreaterThan(5)
                    .allSatisfy(segment -> {
                        assertThat(Files.size(segment)).isLessThan(7_000);
                        assertThat(TrailFixture.lines(segment).getFirst()).startsWith("{\"audit\":2,");
                        assertThat(TrailFixture.lines(segment).getLast()).startsWith("{\"seal\":");
                    });
            assertIntact(100);
            assertThat(TrailFixture.records(trailDirectory())).isEqualTo(recordsBetween(0, 100));
        }

        @Test
        void are_sealed_when_they_reach_their_age() {
            var settings = TrailFixture.settings(
                    Mode.SYNC,
                    trailDirectory(),
                    new AuditSettings.Segments(1 << 20, Duration.ofHours(1), TrailFixture.NEVER));
            try (var trail = open(settings)) {
                for (int hour = 0; hour < 5; hour++) {
                    TrailFixture.append(trail, 2 * hour, 2 * hour + 2);
                    clock.addAndGet(Duration.ofHours(1).toNanos() / 1_000);
                }
            }
            assertThat(TrailFixture.segments(trailDirectory())).hasSize(5);
            assertIntact(10);
        }

        @Test
        void continue_after_the_trail_was_closed_and_opened_again() {
            for (int round = 0; round < 5; round++) {
                try (var trail = open(Mode.SYNC)) {
                    TrailFixture.append(trail, 3 * round, 3 * round + 3);
                }
            }
            assertIntact(15);
            assertThat(TrailFixture.records(trailDirectory())).isEqualTo(recordsBetween(0, 15));
        }

        @Test
        void are_not_begun_without_a_record() {
            for (int round = 0; round < 3; round++) {
                open(Mode.SYNC).close();
            }
            assertThat(TrailFixture.segments(trailDirectory())).isEmpty();
        }

        @Test
        void are_not_removed_while_the_clock_is_in_doubt() {
            var settings = TrailFixture.settings(
                    Mode.SYNC, trailDirectory(), new AuditSettings.Segments(1, TrailFixture.NEVER, Duration.ofDays(3)));
            try (var trail = AuditTrail.open(settings, clock::get, OptionalLong::empty, AuditEvents.NONE)) {
                for (int day = 0; day < 10; day++) {
                    TrailFixture.append(trail, day, day + 1);
                    clock.addAndGet(Duration.ofDays(365).toNanos() / 1_000);
                }
            }
            assertIntact(10);
        }

        @Test
        void are_removed_after_their_retention() {
            var settings = TrailFixture.settings(
                    Mode.SYNC, trailDirectory(), new AuditSettings.Segments(1, TrailFixture.NEVER, Duration.ofDays(3)));
            try (var trail = open(settings)) {
                for (int day = 0; day < 10; day++) {
                    TrailFixture.append(trail, day, day + 1);
                    clock.addAndGet(Duration.ofDays(1).toNanos() / 1_000);
                }
            }
            // A day's segment is sealed on that day or the next. Retention checks it when the next segment begins.
            int keptRecords = TrailFixture.records(trailDirectory()).size();
            assertThat(keptRecords).isBetween(2, 5);
            assertThat(TrailFixture.records(trailDirectory())).isEqualTo(recordsBetween(10 - keptRecords, 10));
            assertIntact(keptRecords);
            try (var trail = open(settings)) {
                TrailFixture.append(trail, 10, 11);
            }
            assertThat(TrailFixture.verify(trailDirectory())).isInstanceOf(VerificationResult.Intact.class);
            assertThat(TrailFixture.records(trailDirectory())).endsWith(TrailFixture.record(10));
            assertThat(missingSegments()).isEmpty();
        }

        @Test
        void that_somebody_removed_are_missed_at_the_next_start() throws IOException {
            var settings = TrailFixture.settings(
                    Mode.SYNC, trailDirectory(), new AuditSettings.Segments(1, TrailFixture.NEVER, TrailFixture.NEVER));
            try (var trail = open(settings)) {
                for (int record = 0; record < 5; record++) {
                    TrailFixture.append(trail, record, record + 1);
                }
            }
            assertThat(missingSegments()).isEmpty();
            Files.delete(new AuditDirectory(trailDirectory()).segmentFile(1));
            assertThat(missingSegments()).containsExactly(1L);
        }

        private List<Long> missingSegments() {
            try {
                var directory = new AuditDirectory(trailDirectory());
                var check = new SignatureCheck(TrailFixture.key(trailDirectory()));
                var head = SignedHead.parse(
                                AuditDirectory.read(directory.headFile()).orElseThrow(), check)
                        .orElseThrow();
                return TrailRecovery.missingSegments(directory, check, head);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
