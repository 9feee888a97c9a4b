package io.pulseplane.gate.audit.writing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pulseplane.ReadingFixtures;
import io.pulseplane.gate.audit.AuditDirectory;
import io.pulseplane.gate.audit.AuditRecord;
import io.pulseplane.gate.audit.GroupFooter;
import io.pulseplane.gate.audit.SignedHead;
import io.pulseplane.gate.audit.SigningKey;
import io.pulseplane.gate.audit.verifying.VerificationResult;
import io.pulseplane.gate.audit.writing.AuditSettings.Mode;
import io.pulseplane.vitals.PlaneException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** After a crash at any time, the trail continues with every record that was on disk, and verifies. */
class CrashTest {

    @TempDir
    Path directory;

    private final SplittableRandom random = new SplittableRandom(20261204);
    private Path crashed;

    @BeforeEach
    void name() {
        crashed = directory.resolve("crashed");
    }

    private static AuditSettings settings(Path trailDirectory) {
        return TrailFixture.settings(Mode.SYNC, trailDirectory);
    }

    private void awaitSigned(Path live) {
        Awaitility.await()
                .atMost(ReadingFixtures.TIMEOUT)
                .until(() -> TrailFixture.verify(live) instanceof VerificationResult.Intact intact
                        && intact.unsignedRecords() == 0);
    }

    /** Leaves records 0 to 2 that the head covers, and records 3 to 5 beyond it, each in its own group. */
    private void crashBeyondTheHead() throws IOException {
        var live = directory.resolve("live");
        try (var trail = TrailFixture.open(settings(live))) {
            TrailFixture.append(trail, 0, 3);
            awaitSigned(live);
            TrailFixture.copy(live, crashed);
            TrailFixture.append(trail, 3, 6);
            var segment = TrailFixture.segments(live).getFirst();
            Files.copy(segment, crashed.resolve(segment.getFileName()), StandardCopyOption.REPLACE_EXISTING);
        }
    }

    private void assertContinues(Path trailDirectory, List<AuditRecord> records) {
        TrailFixture.write(settings(trailDirectory), 2);
        assertThat(TrailFixture.verify(trailDirectory))
                .isInstanceOfSatisfying(VerificationResult.Intact.class, result -> {
                    assertThat(result.unsignedRecords()).isZero();
                    assertThat(result.tornBytes()).isZero();
                });
        var expected = new ArrayList<>(records);
        expected.add(TrailFixture.record(0));
        expected.add(TrailFixture.record(1));
        assertThat(TrailFixture.records(trailDirectory)).isEqualTo(expected);
    }

    @Test
    void keeps_complete_groups_beyond_the_head_and_writes_a_mark() throws IOException {
        crashBeyondTheHead();
        assertThat(TrailFixture.verify(crashed)).isInstanceOfSatisfying(VerificationResult.Intact.class, result -> {
            assertThat(result.records()).isEqualTo(6);
            assertThat(result.unsignedRecords()).isEqualTo(3);
        });
        var records = TrailFixture.records(crashed);
        assertContinues(crashed, records);
        assertThat(records).hasSize(6);
        assertThat(TrailFixture.text(TrailFixture.segments(crashed).getFirst()))
                .contains("{\"mark\":\"resumed\",\"time_us\":" + TrailFixture.NOW
                        + ",\"signed\":3,\"found\":6,\"dropped_bytes\":0}\n");
    }

    @Test
    void drops_an_incomplete_group_of_any_length() throws IOException {
        crashBeyondTheHead();
        var segment = TrailFixture.segments(crashed).getFirst();
        var bytes = Files.readAllBytes(segment);
        var text = TrailFixture.text(segment);
        int groupStart = text.lastIndexOf("\n", text.lastIndexOf("{\"n\":6")) + 1;
        for (int length = groupStart; length < bytes.length; length += 1 + random.nextInt(12)) {
            var torn = directory.resolve("torn-" + length);
            TrailFixture.copy(crashed, torn);
            Files.write(torn.resolve(segment.getFileName()), Arrays.copyOf(bytes, length));
            assertThat(TrailFixture.verify(torn))
                    .isEqualTo(new VerificationResult.Intact(5, 1, digest(torn), 2, length - groupStart));
            assertContinues(torn, TrailFixture.records(torn));
            assertThat(TrailFixture.records(torn)).hasSize(7);
        }
    }

    private static String digest(Path trailDirectory) {
        return ((VerificationResult.Intact) TrailFixture.verify(trailDirectory)).digest();
    }

    @Test
    void drops_zeros_that_a_power_cut_left_in_an_incomplete_group() throws IOException {
        crashBeyondTheHead();
        var segment = TrailFixture.segments(crashed).getFirst();
        var bytes = Files.readAllBytes(segment);
        int end = TrailFixture.text(segment).lastIndexOf("{\"n\":6");
        Arrays.fill(bytes, end, end + 40, (byte) 0);
        Files.write(segment, bytes);
        assertContinues(crashed, TrailFixture.records(crashed).subList(0, 5));
        assertThat(TrailFixture.text(TrailFixture.segments(crashed).getFirst()))
                .contains("\"found\":5,\"dropped_bytes\":" + (bytes.length - end) + "}");
    }

    @Test
    void continues_after_a_crash_at_any_time() throws Exception {
        var live = directory.resolve("live");
        var settings = TrailFixture.settingsWithSegmentBytes(4_000, live);
        var stop = new AtomicBoolean();
        var trail = TrailFixture.open(settings);
        var writer = CompletableFuture.runAsync(() -> {
            for (int i = 0; !stop.get(); i++) {
                TrailFixture.await(trail.append(TrailFixture.record(i)));
            }
        });
        for (int round = 0; round < 30; round++) {
            var copy = directory.resolve("copy-" + round);
            TrailFixture.copy(live, copy);
            var records = TrailFixture.records(copy);
            assertThat(records)
                    .isEqualTo(IntStream.range(0, records.size())
                            .mapToObj(TrailFixture::record)
                            .toList());
            assertContinues(copy, records);
        }
        stop.set(true);
        writer.join();
        trail.close();
    }

    @Test
    void replaces_a_segment_that_has_no_complete_group() throws IOException {
        var closed = directory.resolve("closed");
        TrailFixture.write(settings(closed), 3);
        for (var content : List.of("", "{\"audit\":1,\"seg", "\u0000\u0000\u0000")) {
            var copy = directory.resolve("copy-" + content.length());
            TrailFixture.copy(closed, copy);
            Files.writeString(new AuditDirectory(copy).segmentFile(2), content);
            assertThat(TrailFixture.verify(copy))
                    .isEqualTo(new VerificationResult.Intact(3, 2, digest(copy), 0, content.length()));
            assertContinues(copy, TrailFixture.records(copy));
        }
    }

    @Test
    void continues_after_an_incomplete_seal() throws IOException {
        TrailFixture.write(settings(crashed), 3);
        var segment = TrailFixture.segments(crashed).getFirst();
        var bytes = Files.readAllBytes(segment);
        int seal = TrailFixture.text(segment).indexOf("{\"seal\":");
        // The head as it was before the segment was sealed.
        var key = SigningKey.open(crashed.resolve("node.key"));
        var chainLine =
                TrailFixture.lines(segment).get(TrailFixture.lines(segment).size() - 2) + "\n";
        var group = GroupFooter.parse(chainLine).orElseThrow();
        Files.writeString(
                crashed.resolve("head"), new SignedHead(1, seal, 3, group.digest(), TrailFixture.NOW).signedBy(key));
        Files.write(segment, Arrays.copyOf(bytes, seal + 50));
        assertThat(TrailFixture.verify(crashed)).isEqualTo(new VerificationResult.Intact(3, 1, group.digest(), 0, 50));
        assertContinues(crashed, TrailFixture.records(crashed));
    }

    @Test
    void does_not_continue_a_trail_that_is_shorter_than_its_head_states() throws IOException {
        TrailFixture.write(settings(crashed), 3);
        var segment = TrailFixture.segments(crashed).getFirst();
        var bytes = Files.readAllBytes(segment);
        for (int cut = 1; cut < bytes.length; cut += 1 + random.nextInt(100)) {
            Files.write(segment, Arrays.copyOf(bytes, bytes.length - cut));
            assertRefused();
        }
        Files.delete(segment);
        assertRefused();
        Files.write(segment, bytes);
        assertContinues(crashed, TrailFixture.records(crashed));
    }

    @Test
    void does_not_continue_a_trail_whose_head_is_missing_or_not_genuine() throws IOException {
        TrailFixture.write(settings(crashed), 3);
        var head = crashed.resolve("head");
        var text = TrailFixture.text(head);
        Files.delete(head);
        assertRefused();
        Files.writeString(head, text.replace("\"last\":3", "\"last\":2"));
        assertRefused();
        Files.writeString(head, "");
        assertRefused();
        Files.writeString(head, text);
        Files.copy(TrailFixture.segments(crashed).getFirst(), new AuditDirectory(crashed).segmentFile(5));
        assertRefused();
    }

    @Test
    void does_not_continue_a_trail_if_something_was_appended_to_a_sealed_segment() throws IOException {
        TrailFixture.write(settings(crashed), 3);
        var segment = TrailFixture.segments(crashed).getFirst();
        Files.writeString(segment, TrailFixture.text(segment) + "{\"n\":4}\n");
        assertRefused();
    }

    private void assertRefused() {
        assertThatThrownBy(() -> TrailFixture.open(settings(crashed))).isInstanceOf(PlaneException.DataLoss.class);
    }
}
