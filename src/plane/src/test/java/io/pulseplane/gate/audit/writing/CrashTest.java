package io.pulseplane.gate.audit.writing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import io.pulseplane.ReadingFixtures;
import io.pulseplane.gate.audit.AuditDirectory;
import io.pulseplane.gate.audit.AuditEntry;
import io.pulseplane.gate.audit.AuditRecord;
import io.pulseplane.gate.audit.GroupFooter;
import io.pulseplane.gate.audit.HashChain;
import io.pulseplane.gate.audit.SignedHead;
import io.pulseplane.gate.audit.SigningKey;
import io.pulseplane.gate.audit.TimeBounds;
import io.pulseplane.gate.audit.reading.AuditFilter;
import io.pulseplane.gate.audit.verifying.Anchors;
import io.pulseplane.gate.audit.verifying.AuditVerifier;
import io.pulseplane.gate.audit.verifying.Finding;
import io.pulseplane.gate.audit.verifying.VerificationResult;
import io.pulseplane.gate.audit.writing.AuditSettings.Mode;
import io.pulseplane.vitals.Order;
import io.pulseplane.vitals.PlaneException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
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

/** After a crash at any time, the trail keeps every record that was on disk, signs what it can prove, and verifies. */
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
                .isInstanceOfSatisfying(
                        VerificationResult.Intact.class,
                        result -> assertThat(result.unsignedRecords()).isZero());
        var expected = new ArrayList<>(records);
        expected.add(TrailFixture.record(0));
        expected.add(TrailFixture.record(1));
        assertThat(TrailFixture.records(trailDirectory)).isEqualTo(expected);
    }

    private void assertUnchained(Path trailDirectory, long record, long bytes) {
        assertThat(AuditVerifier.verify(trailDirectory, TrailFixture.key(trailDirectory), Anchors.NONE, Duration.ZERO))
                .isInstanceOfSatisfying(
                        VerificationResult.Broken.class,
                        result -> assertThat(result.findings())
                                .singleElement()
                                .isInstanceOfSatisfying(Finding.Unchained.class, finding -> {
                                    assertThat(finding.record()).isEqualTo(record);
                                    assertThat(finding.found()).startsWith(bytes + " bytes");
                                }));
    }

    @Test
    void moves_groups_that_no_signature_proves_into_a_file_of_their_own_and_says_so() throws IOException {
        crashBeyondTheHead();
        assertThat(TrailFixture.verify(crashed)).isInstanceOfSatisfying(VerificationResult.Intact.class, result -> {
            assertThat(result.records()).isEqualTo(6);
            assertThat(result.unsignedRecords()).isEqualTo(3);
        });
        var records = TrailFixture.records(crashed);
        assertContinues(crashed, records);
        assertThat(TrailFixture.verify(crashed)).isInstanceOfSatisfying(VerificationResult.Intact.class, result -> {
            assertThat(result.records()).isEqualTo(5);
            assertThat(result.segments()).isEqualTo(2);
            assertThat(result.unproven())
                    .singleElement()
                    .satisfies(part -> assertThat(part.records()).isEqualTo(3));
        });
        assertThat(TrailFixture.read(crashed, AuditFilter.all(Order.OLDEST_FIRST)))
                .extracting(AuditEntry::number, AuditEntry::isProven)
                .containsExactly(
                        tuple(1L, true),
                        tuple(2L, true),
                        tuple(3L, true),
                        tuple(4L, false),
                        tuple(5L, false),
                        tuple(6L, false),
                        tuple(4L, true),
                        tuple(5L, true));
        assertThat(TrailFixture.read(crashed, AuditFilter.all(Order.NEWEST_FIRST)))
                .extracting(AuditEntry::number)
                .containsExactly(5L, 4L, 6L, 5L, 4L, 3L, 2L, 1L);
        assertThat(TrailFixture.text(TrailFixture.segments(crashed).getFirst()))
                .contains("{\"mark\":\"resumed\",\"time_us\":" + TrailFixture.NOW
                        + ",\"signed\":3,\"found\":6,\"dropped_bytes\":0}\n")
                .contains("{\"mark\":\"unproven\",\"time_us\":" + TrailFixture.NOW + ",\"segment\":1,")
                .contains("{\"seal\":");
    }

    /** An intruder without the key cuts the trail off where its head ends, and appends a group that is chained well. */
    @Test
    void never_signs_a_group_that_somebody_appended_without_the_key() throws IOException {
        crashBeyondTheHead();
        var segment = TrailFixture.segments(crashed).getFirst();
        var group = TrailFixture.text(segment);
        int start = group.indexOf("{\"n\":4");
        var record = group.substring(start, group.indexOf('\n', start) + 1).replace("nurse-3", "nobody");
        var end = GroupFooter.prefix(1, 4, record.length(), new TimeBounds(TrailFixture.NOW, TrailFixture.NOW + 3));
        var chain = HashChain.from(lastDigestBefore(group, start));
        var covered = (record + end).getBytes(StandardCharsets.UTF_8);
        chain.update(covered, 0, covered.length);
        Files.writeString(
                segment, group.substring(0, start) + record + end + ",\"digest\":\"" + chain.nextDigest() + "\"}}\n");
        TrailFixture.write(settings(crashed), 1);
        assertThat(TrailFixture.verify(crashed)).isInstanceOfSatisfying(VerificationResult.Intact.class, result -> {
            assertThat(result.records()).isEqualTo(4);
            assertThat(result.unproven())
                    .singleElement()
                    .satisfies(part -> assertThat(part.records()).isEqualTo(1));
        });
        assertThat(TrailFixture.read(crashed, AuditFilter.all(Order.OLDEST_FIRST)))
                .filteredOn(entry -> entry.record().subject().equals("nobody"))
                .singleElement()
                .satisfies(entry -> assertThat(entry.isProven()).isFalse());
    }

    private static String lastDigestBefore(String text, int end) {
        int start = text.lastIndexOf(",\"digest\":\"", end) + ",\"digest\":\"".length();
        return text.substring(start, start + 64);
    }

    @Test
    void detects_a_change_in_the_part_that_no_signature_proves() throws IOException {
        crashBeyondTheHead();
        TrailFixture.write(settings(crashed), 1);
        var part = new AuditDirectory(crashed).unprovenFiles().firstKey();
        var text = TrailFixture.text(part);
        Files.writeString(part, text.replace("nurse-3", "nurse-9"));
        assertThat(TrailFixture.verify(crashed)).isInstanceOf(VerificationResult.Broken.class);
        Files.delete(part);
        assertThat(TrailFixture.verify(crashed)).isInstanceOf(VerificationResult.Broken.class);
        Files.writeString(part, text);
        Files.writeString(new AuditDirectory(crashed).unprovenFile(1, 7, 1), text);
        assertThat(TrailFixture.verify(crashed)).isInstanceOf(VerificationResult.Broken.class);
    }

    @Test
    void keeps_a_part_whose_mark_was_lost_in_a_second_crash() throws IOException {
        crashBeyondTheHead();
        var again = directory.resolve("again");
        TrailFixture.copy(crashed, again);
        TrailFixture.write(settings(crashed), 1);
        var part = new AuditDirectory(crashed).unprovenFiles().firstKey();
        Files.copy(part, again.resolve(part.getFileName()));
        TrailFixture.write(settings(again), 1);
        assertThat(TrailFixture.verify(again))
                .isInstanceOfSatisfying(
                        VerificationResult.Intact.class,
                        result -> assertThat(result.unproven()).hasSizeBetween(1, 2));
    }

    @Test
    void drops_an_incomplete_group_of_any_length() throws IOException {
        crashBeyondTheHead();
        var segment = TrailFixture.segments(crashed).getFirst();
        var bytes = Files.readAllBytes(segment);
        var text = TrailFixture.text(segment);
        int groupStart = text.lastIndexOf("\n", text.lastIndexOf("{\"n\":6")) + 1;
        for (int length = groupStart + 1; length < bytes.length; length += 1 + random.nextInt(12)) {
            var torn = directory.resolve("torn-" + length);
            TrailFixture.copy(crashed, torn);
            Files.write(torn.resolve(segment.getFileName()), Arrays.copyOf(bytes, length));
            assertUnchained(torn, 5, length - groupStart);
            assertContinues(torn, TrailFixture.records(torn));
            assertThat(TrailFixture.records(torn)).hasSize(7);
        }
    }

    @Test
    void keeps_zeros_that_a_power_cut_left_in_an_incomplete_group_out_of_the_trail() throws IOException {
        crashBeyondTheHead();
        var segment = TrailFixture.segments(crashed).getFirst();
        var bytes = Files.readAllBytes(segment);
        int end = TrailFixture.text(segment).lastIndexOf("{\"n\":6");
        Arrays.fill(bytes, end, end + 40, (byte) 0);
        Files.write(segment, bytes);
        assertContinues(crashed, TrailFixture.records(crashed).subList(0, 5));
        assertThat(TrailFixture.text(TrailFixture.segments(crashed).getFirst())).contains("\"found\":5,");
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
            if (!content.isEmpty()) {
                assertUnchained(copy, 0, content.length());
            }
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
        var key = SigningKey.open(new SigningKey.Source.InDirectory(), crashed);
        var chainLine =
                TrailFixture.lines(segment).get(TrailFixture.lines(segment).size() - 2) + "\n";
        var group = GroupFooter.parse(chainLine).orElseThrow();
        Files.writeString(
                crashed.resolve("head"), new SignedHead(1, seal, 3, group.digest(), TrailFixture.NOW).signedBy(key));
        Files.write(segment, Arrays.copyOf(bytes, seal + 50));
        assertUnchained(crashed, 3, 50);
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
