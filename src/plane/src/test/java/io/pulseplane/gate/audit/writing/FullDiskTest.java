package io.pulseplane.gate.audit.writing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pulseplane.ReadingFixtures;
import io.pulseplane.files.PrivateFiles.Access;
import io.pulseplane.gate.audit.AuditRecord;
import io.pulseplane.gate.audit.SigningKey;
import io.pulseplane.gate.audit.verifying.VerificationResult;
import io.pulseplane.gate.audit.writing.AuditSettings.Mode;
import io.pulseplane.vitals.PlaneException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletionStage;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A trail that cannot be written refuses all records, and continues undamaged as soon as it can be written. */
class FullDiskTest {

    @TempDir
    Path directory;

    private final RecordingAuditEvents events = new RecordingAuditEvents();
    private final FaultyDisk disk = new FaultyDisk();

    private Path trailDirectory() {
        return directory.resolve("trail");
    }

    private AuditTrail open(Mode mode) {
        return AuditTrail.open(TrailFixture.settings(mode, trailDirectory()), () -> TrailFixture.NOW, events, disk);
    }

    private static boolean isRefused(CompletionStage<Void> stage) {
        try {
            TrailFixture.await(stage);
            return false;
        } catch (PlaneException.Unavailable _) {
            return true;
        }
    }

    private static void awaitHealth(AuditTrail trail, boolean healthy) {
        Awaitility.await().atMost(ReadingFixtures.TIMEOUT).until(() -> trail.isHealthy() == healthy);
    }

    private void assertIntact(long records) {
        assertThat(TrailFixture.verify(trailDirectory()))
                .isInstanceOfSatisfying(VerificationResult.Intact.class, result -> {
                    assertThat(result.records()).isEqualTo(records);
                });
    }

    @Test
    void refuses_waiting_and_new_records_and_keeps_completed_ones() {
        try (var trail = open(Mode.SYNC)) {
            TrailFixture.append(trail, 0, 10);
            disk.setFreeBytes(200);
            assertThat(isRefused(trail.append(TrailFixture.record(10)))).isTrue();
            assertThat(trail.isHealthy()).isFalse();
            assertThat(isRefused(trail.append(TrailFixture.record(11)))).isTrue();
            assertThat(events.failures()).isPositive();
            disk.setFreeBytes(Long.MAX_VALUE);
            awaitHealth(trail, true);
            TrailFixture.append(trail, 12, 20);
        }
        assertIntact(18);
        assertThat(TrailFixture.records(trailDirectory()))
                .doesNotContain(TrailFixture.record(10), TrailFixture.record(11));
        assertThat(events.recoveries()).isEqualTo(1);
        assertThat(TrailFixture.text(TrailFixture.segments(trailDirectory()).getFirst()))
                .contains("{\"mark\":\"interrupted\",\"from_us\":" + TrailFixture.NOW + ",\"to_us\":" + TrailFixture.NOW
                        + ",\"refused\":2}\n");
    }

    @Test
    void fails_all_waiting_records() {
        try (var trail = open(Mode.SYNC)) {
            disk.holdSyncs();
            var first = trail.append(TrailFixture.record(0));
            Awaitility.await().atMost(ReadingFixtures.TIMEOUT).until(disk::isSyncing);
            var waiting = List.of(trail.append(TrailFixture.record(1)), trail.append(TrailFixture.record(2)));
            disk.failSyncs(true);
            disk.sync();
            assertThat(isRefused(first)).isTrue();
            assertThat(waiting).allMatch(FullDiskTest::isRefused);
            disk.failSyncs(false);
            for (int i = 0; i < 10; i++) {
                disk.sync();
            }
            awaitHealth(trail, true);
        }
        assertIntact(0);
    }

    @Test
    void keeps_in_async_mode_the_records_that_it_took() {
        try (var trail = open(Mode.ASYNC)) {
            disk.setFreeBytes(0);
            TrailFixture.append(trail, 0, 5);
            awaitHealth(trail, false);
            assertThat(isRefused(trail.append(TrailFixture.record(5)))).isTrue();
            disk.setFreeBytes(Long.MAX_VALUE);
            awaitHealth(trail, true);
            TrailFixture.append(trail, 6, 8);
        }
        assertIntact(7);
        assertThat(TrailFixture.records(trailDirectory()))
                .containsExactly(
                        TrailFixture.record(0),
                        TrailFixture.record(1),
                        TrailFixture.record(2),
                        TrailFixture.record(3),
                        TrailFixture.record(4),
                        TrailFixture.record(6),
                        TrailFixture.record(7));
    }

    /** A large batch is synced several times while it is written, so the sync that fails may not be the last one. */
    @Test
    void keeps_a_large_batch_whose_sync_failed() {
        var records = IntStream.range(0, 60_000).mapToObj(TrailFixture::record).toList();
        disk.failSyncs(true);
        var settings = new AuditSettings(
                Mode.ASYNC,
                trailDirectory(),
                Access.OWNER,
                new SigningKey.Source.InDirectory(),
                "edge-1",
                Duration.ofDays(1),
                new AuditSettings.Queue(60_000, 1L << 30),
                AuditSettings.Segments.DEFAULT);
        List<AuditRecord> accepted;
        try (var trail = AuditTrail.open(settings, () -> TrailFixture.NOW, events, disk)) {
            accepted = records.stream()
                    .filter(record -> !isRefused(trail.append(record)))
                    .toList();
            awaitHealth(trail, false);
            disk.failSyncs(false);
            awaitHealth(trail, true);
        }
        assertThat(accepted).hasSizeGreaterThanOrEqualTo(15_000);
        assertIntact(accepted.size());
        assertThat(TrailFixture.records(trailDirectory())).isEqualTo(accepted);
    }

    @ParameterizedTest
    @EnumSource(names = {"SYNC", "ASYNC"})
    void can_be_closed_while_it_cannot_be_written(Mode mode) {
        var trail = open(mode);
        trail.append(TrailFixture.record(0));
        Awaitility.await().atMost(ReadingFixtures.TIMEOUT).until(() -> events.records() == 1);
        disk.setFreeBytes(10);
        trail.append(TrailFixture.record(1));
        awaitHealth(trail, false);
        trail.close();
        disk.setFreeBytes(Long.MAX_VALUE);
        open(mode).close();
        assertThat(TrailFixture.records(trailDirectory())).containsExactly(TrailFixture.record(0));
        assertIntact(1);
    }

    /** The disk may be full anywhere: within a header, a record, a chain line or a seal. */
    @Test
    void leaves_no_incomplete_group() throws IOException {
        var random = new SplittableRandom(20261203);
        for (int round = 0; round < 12; round++) {
            var roundDirectory = directory.resolve("round-" + round);
            var completed = new ArrayList<AuditRecord>();
            try (var trail = AuditTrail.open(
                    TrailFixture.settingsWithSegmentBytes(1_000, roundDirectory),
                    () -> TrailFixture.NOW,
                    events,
                    disk)) {
                disk.setFreeBytes(random.nextInt(3_000));
                int number = 0;
                while (trail.isHealthy()) {
                    var record = TrailFixture.record(number++);
                    if (!isRefused(trail.append(record))) {
                        completed.add(record);
                    }
                }
                disk.setFreeBytes(Long.MAX_VALUE);
                awaitHealth(trail, true);
                TrailFixture.append(trail, 900, 903);
            }
            assertThat(TrailFixture.verify(roundDirectory)).isInstanceOf(VerificationResult.Intact.class);
            completed.addAll(List.of(TrailFixture.record(900), TrailFixture.record(901), TrailFixture.record(902)));
            assertThat(TrailFixture.records(roundDirectory)).isEqualTo(completed);
        }
    }

    @Test
    void refuses_all_records_while_its_directory_is_moved_away_and_continues_when_it_is_back() throws IOException {
        var away = directory.resolve("away");
        try (var trail = open(Mode.SYNC)) {
            TrailFixture.append(trail, 0, 3);
            Files.move(trailDirectory(), away);
            assertThat(isRefused(trail.append(TrailFixture.record(3)))).isTrue();
            assertThat(isRefused(trail.append(TrailFixture.record(4)))).isTrue();
            Files.move(away, trailDirectory());
            awaitHealth(trail, true);
            TrailFixture.append(trail, 5, 7);
        }
        assertIntact(5);
    }

    @Test
    void does_not_continue_another_trail_in_its_place() throws IOException {
        TrailFixture.write(TrailFixture.settings(Mode.SYNC, directory.resolve("other")), 2);
        try (var trail = open(Mode.SYNC)) {
            TrailFixture.append(trail, 0, 3);
            Files.move(trailDirectory(), directory.resolve("away"));
            TrailFixture.copy(directory.resolve("other"), trailDirectory());
            assertThat(isRefused(trail.append(TrailFixture.record(3)))).isTrue();
            int failuresBefore = events.failures();
            Awaitility.await().atMost(ReadingFixtures.TIMEOUT).until(() -> events.failures() > failuresBefore);
            assertThat(trail.isHealthy()).isFalse();
        }
        assertThat(TrailFixture.records(trailDirectory())).isEqualTo(TrailFixture.records(directory.resolve("other")));
        assertThat(TrailFixture.records(directory.resolve("away")))
                .startsWith(TrailFixture.record(0), TrailFixture.record(1), TrailFixture.record(2));
    }

    @Test
    void does_not_tell_the_caller_about_the_disk() {
        try (var trail = open(Mode.SYNC)) {
            disk.setFreeBytes(0);
            assertThatThrownBy(() -> TrailFixture.await(trail.append(TrailFixture.record(0))))
                    .isInstanceOf(PlaneException.Unavailable.class)
                    .hasMessage("the audit trail cannot be written; nothing was done");
            disk.setFreeBytes(Long.MAX_VALUE);
        }
    }
}
