package io.pulseplane.gate.audit.verifying;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pulseplane.ReadingFixtures;
import io.pulseplane.gate.audit.AuditDirectory;
import io.pulseplane.gate.audit.HashChain;
import io.pulseplane.gate.audit.LineFormat;
import io.pulseplane.gate.audit.RecordLine;
import io.pulseplane.gate.audit.SegmentHeader;
import io.pulseplane.gate.audit.SigningKey;
import io.pulseplane.gate.audit.writing.AuditEvents;
import io.pulseplane.gate.audit.writing.AuditSettings;
import io.pulseplane.gate.audit.writing.AuditTrail;
import io.pulseplane.gate.audit.writing.TrailFixture;
import io.pulseplane.vitals.PlaneException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The verifier finds every change to a trail, and finds nothing in an unchanged one. */
class AuditVerifierTest {

    @TempDir
    Path directory;

    /** The greatest distance between two bytes that a test changes. */
    private static final int MAX_STEP = 8;

    private final SplittableRandom random = new SplittableRandom(20261202);

    private Path trailDirectory() {
        return directory.resolve("trail");
    }

    private List<Finding> findings() {
        return switch (TrailFixture.verify(trailDirectory())) {
            case VerificationResult.Broken(var findings) -> findings;
            case VerificationResult.Intact _ -> List.of();
        };
    }

    private Path segment(int number) {
        return new AuditDirectory(trailDirectory()).segmentFile(number);
    }

    private void assertIntact() {
        assertThat(TrailFixture.verify(trailDirectory())).isInstanceOf(VerificationResult.Intact.class);
    }

    @Nested
    class AnUntouchedTrail {

        @Test
        void is_intact_and_its_last_digest_is_in_the_result() {
            TrailFixture.write(TrailFixture.settingsWithSegmentBytes(4_000, trailDirectory()), 50);
            var lastLine = TrailFixture.lines(
                            TrailFixture.segments(trailDirectory()).getLast())
                    .getLast();
            assertThat(TrailFixture.verify(trailDirectory()))
                    .isInstanceOfSatisfying(VerificationResult.Intact.class, result -> {
                        assertThat(result.records()).isEqualTo(50);
                        assertThat(result.segments())
                                .isEqualTo(
                                        TrailFixture.segments(trailDirectory()).size())
                                .isGreaterThan(3);
                        assertThat(result.unsignedRecords()).isZero();
                        assertThat(lastLine).contains("\"digest\":\"" + result.digest());
                    });
        }

        @Test
        void is_intact_without_a_record() {
            TrailFixture.write(TrailFixture.settingsWithSegmentBytes(4_000, trailDirectory()), 0);
            assertThat(TrailFixture.verify(trailDirectory()))
                    .isEqualTo(new VerificationResult.Intact(0, 0, "0".repeat(64), 0, List.of(), 0));
        }

        @Test
        void is_intact_while_a_plane_writes_it() {
            try (var trail = TrailFixture.open(TrailFixture.settingsWithSegmentBytes(20_000, trailDirectory()))) {
                for (int round = 0; round < 50; round++) {
                    TrailFixture.append(trail, round * 20, round * 20 + 20);
                    assertThat(TrailFixture.verify(trailDirectory()))
                            .isInstanceOfSatisfying(
                                    VerificationResult.Intact.class,
                                    result -> assertThat(result.records()).isPositive());
                }
            }
        }

        @Test
        void is_intact_with_groups_of_every_size() {
            try (var trail = AuditTrail.open(
                    TrailFixture.settings(
                            AuditSettings.Mode.ASYNC,
                            trailDirectory(),
                            new AuditSettings.Segments(300_000, TrailFixture.NEVER, TrailFixture.NEVER)),
                    () -> TrailFixture.NOW,
                    AuditEvents.NONE)) {
                for (int i = 0; i < 20_000; i++) {
                    trail.append(TrailFixture.record(i));
                }
            }
            assertThat(TrailFixture.verify(trailDirectory()))
                    .isInstanceOfSatisfying(
                            VerificationResult.Intact.class,
                            result -> assertThat(result.records()).isEqualTo(20_000));
        }
    }

    @Nested
    class ASealedTrail {

        @Test
        void shows_any_changed_byte() throws IOException {
            TrailFixture.write(TrailFixture.settingsWithSegmentBytes(1_500, trailDirectory()), 5);
            for (var file : signedFiles()) {
                var bytes = Files.readAllBytes(file);
                for (int i = random.nextInt(MAX_STEP); i < bytes.length; i += 1 + random.nextInt(MAX_STEP)) {
                    byte original = bytes[i];
                    bytes[i] ^= (byte) (1 << random.nextInt(8));
                    Files.write(file, bytes);
                    assertThat(findings())
                            .as("byte %s of %s", i, file.getFileName())
                            .isNotEmpty();
                    bytes[i] = original;
                }
                Files.write(file, bytes);
            }
            assertIntact();
        }

        @Test
        void shows_any_line_that_was_removed_duplicated_moved_or_inserted() throws IOException {
            TrailFixture.write(TrailFixture.settingsWithSegmentBytes(2_000, trailDirectory()), 12);
            for (int round = 0; round < 200; round++) {
                var file = any(TrailFixture.segments(trailDirectory()));
                var before = Files.readString(file);
                var lines = new ArrayList<>(before.lines().toList());
                int at = random.nextInt(lines.size());
                switch (random.nextInt(4)) {
                    case 0 -> lines.remove(at);
                    case 1 -> lines.add(random.nextInt(lines.size() + 1), lines.get(at));
                    case 2 -> Collections.swap(lines, at, (at + 1 + random.nextInt(lines.size() - 1)) % lines.size());
                    default -> lines.add(at, RecordLine.text(1 + random.nextInt(13), TrailFixture.record(99)));
                }
                var after = String.join("\n", lines) + "\n";
                Files.writeString(file, after);
                assertThat(findings()).isNotEmpty();
                Files.writeString(file, before);
            }
            assertIntact();
        }

        @Test
        void shows_every_segment_that_was_removed_swapped_renamed_or_inserted() throws IOException {
            TrailFixture.write(TrailFixture.settingsWithSegmentBytes(1_000, trailDirectory()), 12);
            int count = TrailFixture.segments(trailDirectory()).size();
            assertThat(count).isGreaterThan(4);
            var good = directory.resolve("good");
            TrailFixture.copy(trailDirectory(), good);
            for (int a = 1; a <= count; a++) {
                Files.delete(segment(a));
                assertThat(findings()).isNotEmpty();
                restore(good);
                Files.move(segment(a), segment(count + 1));
                assertThat(findings()).isNotEmpty();
                Files.deleteIfExists(segment(count + 1));
                restore(good);
                Files.copy(segment(a), segment(count + 1));
                assertThat(findings()).isNotEmpty();
                Files.delete(segment(count + 1));
                for (int b = a + 1; b <= count; b++) {
                    Files.move(segment(a), directory.resolve("aside"));
                    Files.move(segment(b), segment(a));
                    Files.move(directory.resolve("aside"), segment(b));
                    assertThat(findings()).isNotEmpty();
                    restore(good);
                }
            }
            assertIntact();
        }

        @Test
        void shows_that_a_file_was_cut_at_any_length() throws IOException {
            TrailFixture.write(TrailFixture.settingsWithSegmentBytes(1_500, trailDirectory()), 5);
            for (var file : signedFiles()) {
                var bytes = Files.readAllBytes(file);
                for (int length = 0; length < bytes.length; length += 1 + random.nextInt(2 * MAX_STEP)) {
                    Files.write(file, Arrays.copyOf(bytes, length));
                    assertThat(findings())
                            .as("%s cut to %s", file.getFileName(), length)
                            .isNotEmpty();
                }
                Files.write(file, bytes);
            }
            assertIntact();
        }

        @Test
        void shows_anything_that_was_appended() throws IOException {
            TrailFixture.write(TrailFixture.settingsWithSegmentBytes(1_500, trailDirectory()), 5);
            for (var appendix : List.of(
                    "x", "\n", "{\"n\":6", TrailFixture.lines(segment(1)).get(1) + "\n")) {
                for (var file : signedFiles()) {
                    var bytes = Files.readAllBytes(file);
                    Files.writeString(file, appendix, StandardOpenOption.APPEND);
                    assertThat(findings()).isNotEmpty();
                    Files.write(file, bytes);
                }
            }
        }

        @Test
        void shows_that_its_head_is_missing_or_newer_than_its_segments() throws IOException {
            TrailFixture.write(TrailFixture.settingsWithSegmentBytes(100_000, trailDirectory()), 3);
            var older = Files.readAllBytes(trailDirectory().resolve("head"));
            TrailFixture.write(TrailFixture.settingsWithSegmentBytes(100_000, trailDirectory()), 3);
            var newer = Files.readAllBytes(trailDirectory().resolve("head"));
            Files.delete(trailDirectory().resolve("head"));
            assertThat(findings()).singleElement().isInstanceOf(Finding.Missing.class);
            // A crash leaves an older head. An older head with the older segments is an older trail.
            Files.write(trailDirectory().resolve("head"), older);
            assertIntact();
            Files.delete(segment(2));
            assertIntact();
            Files.write(trailDirectory().resolve("head"), newer);
            assertThat(findings()).singleElement().isInstanceOf(Finding.Missing.class);
        }

        /** A forger without the key can compute new digests after a change, but no signatures. */
        @Test
        void shows_a_forgery_with_recomputed_digests() throws IOException {
            TrailFixture.write(TrailFixture.settingsWithSegmentBytes(100_000, trailDirectory()), 5);
            var forged = rechained(TrailFixture.lines(segment(1)), line -> line.replace("nurse-2", "nurse-6"));
            Files.writeString(segment(1), forged);
            assertThat(findings()).singleElement().isInstanceOfSatisfying(Finding.Forged.class, finding -> {
                assertThat(finding.line())
                        .isEqualTo(TrailFixture.lines(segment(1)).size());
                assertThat(finding.file()).isEqualTo("audit-00000000000000000001.log");
            });
        }

        @Test
        void shows_in_each_segment_that_another_key_signed_it() {
            TrailFixture.write(TrailFixture.settingsWithSegmentBytes(1_500, trailDirectory()), 5);
            var other = SigningKey.open(new SigningKey.Source.InDirectory(), directory)
                    .publicKey();
            assertThat(AuditVerifier.verify(trailDirectory(), other))
                    .isInstanceOfSatisfying(
                            VerificationResult.Broken.class,
                            result -> assertThat(result.findings())
                                    .hasSize(1
                                            + TrailFixture.segments(trailDirectory())
                                                    .size())
                                    .allMatch(finding -> finding instanceof Finding.Forged));
        }

        @Test
        void says_what_was_changed_and_where() throws IOException {
            TrailFixture.write(TrailFixture.settingsWithSegmentBytes(1_500, trailDirectory()), 9);
            var lines = new ArrayList<>(TrailFixture.lines(segment(2)));
            var firstRecord = lines.remove(1);
            Files.writeString(segment(2), String.join("\n", lines) + "\n");
            long number = Long.parseLong(firstRecord.replaceAll("^.\"n\":([0-9]+),.*", "$1"));
            assertThat(findings()).singleElement().isInstanceOfSatisfying(Finding.Altered.class, finding -> {
                assertThat(finding.file()).isEqualTo("audit-00000000000000000002.log");
                assertThat(finding.line()).isEqualTo(2);
                assertThat(finding.record()).isEqualTo(number);
            });
        }

        @Test
        void shows_the_first_change_of_each_segment() throws IOException {
            TrailFixture.write(TrailFixture.settingsWithSegmentBytes(1_500, trailDirectory()), 12);
            for (int number : List.of(1, 3)) {
                Files.writeString(
                        segment(number), TrailFixture.text(segment(number)).replace("nurse", "nurze"));
            }
            assertThat(findings())
                    .extracting(Finding::file)
                    .containsExactly("audit-00000000000000000001.log", "audit-00000000000000000003.log");
        }

        private List<Path> signedFiles() {
            var files = new ArrayList<>(TrailFixture.segments(trailDirectory()));
            files.add(trailDirectory().resolve("head"));
            return files;
        }
    }

    @Nested
    class ATrailThatWasNotClosed {

        private void crash() throws IOException {
            var live = directory.resolve("live");
            try (var trail = TrailFixture.open(TrailFixture.settingsWithSegmentBytes(3_000, live))) {
                TrailFixture.append(trail, 0, 12);
                Awaitility.await()
                        .atMost(ReadingFixtures.TIMEOUT)
                        .until(() -> TrailFixture.verify(live) instanceof VerificationResult.Intact intact
                                && intact.unsignedRecords() == 0);
                TrailFixture.copy(live, trailDirectory());
            }
        }

        @Test
        void is_intact() throws IOException {
            crash();
            assertThat(TrailFixture.verify(trailDirectory()))
                    .isInstanceOfSatisfying(
                            VerificationResult.Intact.class,
                            result -> assertThat(result.records()).isEqualTo(12));
        }

        @Test
        void shows_any_changed_byte_of_its_newest_segment() throws IOException {
            crash();
            var file = TrailFixture.segments(trailDirectory()).getLast();
            var bytes = Files.readAllBytes(file);
            for (int i = random.nextInt(MAX_STEP); i < bytes.length; i += 1 + random.nextInt(MAX_STEP)) {
                byte original = bytes[i];
                bytes[i] ^= (byte) (1 << random.nextInt(8));
                Files.write(file, bytes);
                assertThat(findings()).as("byte %s", i).isNotEmpty();
                bytes[i] = original;
            }
        }

        @Test
        void shows_that_a_file_was_cut_at_any_length() throws IOException {
            crash();
            var file = TrailFixture.segments(trailDirectory()).getLast();
            var bytes = Files.readAllBytes(file);
            for (int length = 0; length < bytes.length; length += 1 + random.nextInt(2 * MAX_STEP)) {
                Files.write(file, Arrays.copyOf(bytes, length));
                assertThat(findings()).as("cut to %s", length).isNotEmpty();
            }
        }

        @Test
        void shows_a_forgery_with_recomputed_digests() throws IOException {
            crash();
            var file = TrailFixture.segments(trailDirectory()).getLast();
            Files.writeString(file, rechained(TrailFixture.lines(file), line -> line.replace("permitted", "refused")));
            assertThat(findings()).singleElement().isInstanceOf(Finding.Altered.class);
        }
    }

    @Nested
    class ATrailWithRetiredSegments {

        private final AtomicLong clock = new AtomicLong(TrailFixture.NOW);

        private void writeAndRetire() {
            var settings = TrailFixture.settings(
                    AuditSettings.Mode.SYNC,
                    trailDirectory(),
                    new AuditSettings.Segments(1_500, TrailFixture.NEVER, Duration.ofDays(10)));
            try (var trail = AuditTrail.open(settings, clock::get, AuditEvents.NONE)) {
                for (int i = 0; i < 20; i++) {
                    TrailFixture.append(trail, i, i + 1);
                    clock.addAndGet(Duration.ofDays(1).toNanos() / 1_000);
                }
            }
        }

        @Test
        void is_intact_and_begins_after_the_last_retired_segment() {
            writeAndRetire();
            assertThat(segment(1)).doesNotExist();
            assertThat(TrailFixture.verify(trailDirectory()))
                    .isInstanceOfSatisfying(
                            VerificationResult.Intact.class,
                            result -> assertThat(result.records()).isBetween(5L, 18L));
            var records = TrailFixture.records(trailDirectory());
            assertThat(records.getLast()).isEqualTo(TrailFixture.record(19));
        }

        @Test
        void shows_a_segment_that_was_removed_without_being_retired() throws IOException {
            writeAndRetire();
            Files.delete(TrailFixture.segments(trailDirectory()).getFirst());
            assertThat(findings()).singleElement().isInstanceOf(Finding.Missing.class);
        }

        @Test
        void shows_any_byte_that_was_changed_in_the_retired_file() throws IOException {
            writeAndRetire();
            var file = trailDirectory().resolve("retired");
            var bytes = Files.readAllBytes(file);
            for (int i = random.nextInt(MAX_STEP); i < bytes.length; i += 1 + random.nextInt(MAX_STEP)) {
                byte original = bytes[i];
                bytes[i] ^= (byte) (1 << random.nextInt(8));
                Files.write(file, bytes);
                assertThat(findings()).as("byte %s", i).isNotEmpty();
                bytes[i] = original;
            }
            Files.delete(file);
            assertThat(findings()).isNotEmpty();
        }

        @Test
        void keeps_a_broken_segment_after_its_retention() throws IOException {
            writeAndRetire();
            var first = TrailFixture.segments(trailDirectory()).getFirst();
            var lines = new ArrayList<>(TrailFixture.lines(first));
            lines.removeLast();
            Files.writeString(first, String.join("\n", lines) + "\n");
            clock.addAndGet(Duration.ofDays(100).toNanos() / 1_000);
            writeAndRetire();
            assertThat(first).exists();
            assertThat(findings()).first().isInstanceOf(Finding.Truncated.class);
        }
    }

    @Test
    void fails_if_the_directory_cannot_be_read() {
        var key =
                SigningKey.open(new SigningKey.Source.InDirectory(), directory).publicKey();
        assertThatThrownBy(() -> AuditVerifier.verify(trailDirectory(), key))
                .isInstanceOf(PlaneException.Unavailable.class);
    }

    @Test
    void finds_a_line_without_an_end_and_does_not_keep_it_in_memory() throws IOException {
        TrailFixture.write(TrailFixture.settingsWithSegmentBytes(100_000, trailDirectory()), 3);
        Files.writeString(segment(1), "x".repeat(10 << 20), StandardOpenOption.APPEND);
        assertThat(findings()).singleElement().isInstanceOf(Finding.Altered.class);
    }

    private interface Change {
        String apply(String line);
    }

    private static String rechained(List<String> lines, Change change) {
        var header = SegmentHeader.parse(lines.getFirst() + "\n").orElseThrow();
        var chain = HashChain.from(header.previousDigest());
        var forged = new StringBuilder();
        for (var line : lines) {
            var text = change.apply(line) + "\n";
            int end = text.indexOf(LineFormat.DIGEST);
            var covered = (end < 0 ? text : text.substring(0, end)).getBytes(StandardCharsets.UTF_8);
            chain.update(covered, 0, covered.length);
            if (end >= 0) {
                int from = end + LineFormat.DIGEST.length();
                text = text.substring(0, from) + chain.nextDigest() + text.substring(from + 64);
            }
            forged.append(text);
        }
        return forged.toString();
    }

    private <T> T any(List<T> list) {
        return list.get(random.nextInt(list.size()));
    }

    private void restore(Path good) throws IOException {
        for (var file : TrailFixture.segments(good)) {
            Files.copy(file, trailDirectory().resolve(file.getFileName()), StandardCopyOption.REPLACE_EXISTING);
        }
    }
}
