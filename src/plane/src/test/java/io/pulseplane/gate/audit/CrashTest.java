package io.pulseplane.gate.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pulseplane.ReadingFixtures;
import io.pulseplane.gate.audit.AuditSettings.Mode;
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

/** Whenever the machine stops, the trail goes on with every record that was on disk, and verifies. */
class CrashTest {

    @TempDir
    Path directory;

    private final SplittableRandom random = new SplittableRandom(20261204);
    private Path crashed;

    @BeforeEach
    void name() {
        crashed = directory.resolve("crashed");
    }

    private static AuditSettings settings(Path where) {
        return TrailFixture.settings(Mode.SYNC, where);
    }

    private void awaitSigned(Path live) {
        Awaitility.await()
                .atMost(ReadingFixtures.TIMEOUT)
                .until(() -> TrailFixture.verify(live) instanceof VerificationResult.Intact intact
                        && intact.unsignedRecords() == 0);
    }

    /** Records 0 to 2, then the head of that moment, then record 3 to 5 in groups of their own. */
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

    private void assertGoesOn(Path where, List<AuditRecord> found) {
        TrailFixture.write(settings(where), 2);
        assertThat(TrailFixture.verify(where)).isInstanceOfSatisfying(VerificationResult.Intact.class, result -> {
            assertThat(result.unsignedRecords()).isZero();
            assertThat(result.tornBytes()).isZero();
        });
        var expected = new ArrayList<>(found);
        expected.add(TrailFixture.record(0));
        expected.add(TrailFixture.record(1));
        assertThat(TrailFixture.records(where)).isEqualTo(expected);
    }

    @Test
    void keeps_complete_groups_beyond_the_head_and_says_so() throws IOException {
        crashBeyondTheHead();
        assertThat(TrailFixture.verify(crashed)).isInstanceOfSatisfying(VerificationResult.Intact.class, result -> {
            assertThat(result.records()).isEqualTo(6);
            assertThat(result.unsignedRecords()).isEqualTo(3);
        });
        var found = TrailFixture.records(crashed);
        assertGoesOn(crashed, found);
        assertThat(found).hasSize(6);
        assertThat(TrailFixture.text(TrailFixture.segments(crashed).getFirst()))
                .contains("{\"mark\":\"resumed\",\"time_us\":" + TrailFixture.NOW
                        + ",\"signed\":3,\"found\":6,\"dropped_bytes\":0}\n");
    }

    @Test
    void drops_an_unfinished_group_wherever_it_was_torn() throws IOException {
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
            assertGoesOn(torn, TrailFixture.records(torn));
            assertThat(TrailFixture.records(torn)).hasSize(7);
        }
    }

    private static String digest(Path where) {
        return ((VerificationResult.Intact) TrailFixture.verify(where)).digest();
    }

    @Test
    void drops_what_a_power_cut_left_in_place_of_an_unfinished_group() throws IOException {
        crashBeyondTheHead();
        var segment = TrailFixture.segments(crashed).getFirst();
        var bytes = Files.readAllBytes(segment);
        int end = TrailFixture.text(segment).lastIndexOf("{\"n\":6");
        Arrays.fill(bytes, end, end + 40, (byte) 0);
        Files.write(segment, bytes);
        assertGoesOn(crashed, TrailFixture.records(crashed).subList(0, 5));
        assertThat(TrailFixture.text(TrailFixture.segments(crashed).getFirst()))
                .contains("\"found\":5,\"dropped_bytes\":" + (bytes.length - end) + "}");
    }

    @Test
    void goes_on_from_any_moment_of_a_life() throws Exception {
        var live = directory.resolve("live");
        var settings = TrailFixture.settingsWithSegmentBytes(4_000, live);
        var stop = new AtomicBoolean();
        var trail = TrailFixture.open(settings);
        var writing = CompletableFuture.runAsync(() -> {
            for (int i = 0; !stop.get(); i++) {
                TrailFixture.await(trail.append(TrailFixture.record(i)));
            }
        });
        for (int round = 0; round < 30; round++) {
            var copy = directory.resolve("copy-" + round);
            TrailFixture.copy(live, copy);
            var found = TrailFixture.records(copy);
            assertThat(found)
                    .isEqualTo(IntStream.range(0, found.size())
                            .mapToObj(TrailFixture::record)
                            .toList());
            assertGoesOn(copy, found);
        }
        stop.set(true);
        writing.join();
        trail.close();
    }

    @Test
    void begins_a_segment_again_that_had_no_group_yet() throws IOException {
        var closed = directory.resolve("closed");
        TrailFixture.write(settings(closed), 3);
        for (var left : List.of("", "{\"audit\":1,\"seg", "\u0000\u0000\u0000")) {
            var copy = directory.resolve("left-" + left.length());
            TrailFixture.copy(closed, copy);
            Files.writeString(new AuditDirectory(copy).segmentFile(2), left);
            assertThat(TrailFixture.verify(copy))
                    .isEqualTo(new VerificationResult.Intact(3, 2, digest(copy), 0, left.length()));
            assertGoesOn(copy, TrailFixture.records(copy));
        }
    }

    @Test
    void goes_on_after_a_seal_that_was_torn() throws IOException {
        TrailFixture.write(settings(crashed), 3);
        var older = directory.resolve("older");
        TrailFixture.copy(crashed, older);
        var segment = TrailFixture.segments(crashed).getFirst();
        var bytes = Files.readAllBytes(segment);
        int seal = TrailFixture.text(segment).indexOf("{\"seal\":");
        // The head of before the seal.
        var key = SigningKey.open(crashed.resolve("node.key"));
        var chain = TrailFixture.lines(segment).get(TrailFixture.lines(segment).size() - 2) + "\n";
        var group = GroupFooter.parse(chain).orElseThrow();
        Files.writeString(
                crashed.resolve("head"), new SignedHead(1, seal, 3, group.digest(), TrailFixture.NOW).signedBy(key));
        Files.write(segment, Arrays.copyOf(bytes, seal + 50));
        assertThat(TrailFixture.verify(crashed)).isEqualTo(new VerificationResult.Intact(3, 1, group.digest(), 0, 50));
        assertGoesOn(crashed, TrailFixture.records(crashed));
    }

    @Test
    void does_not_write_on_a_trail_that_is_shorter_than_its_head_says() throws IOException {
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
        assertGoesOn(crashed, TrailFixture.records(crashed));
    }

    @Test
    void does_not_write_on_a_trail_whose_head_is_gone_or_of_another() throws IOException {
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
    void does_not_write_on_a_sealed_segment_that_something_was_put_behind() throws IOException {
        TrailFixture.write(settings(crashed), 3);
        var segment = TrailFixture.segments(crashed).getFirst();
        Files.writeString(segment, TrailFixture.text(segment) + "{\"n\":4}\n");
        assertRefused();
    }

    private void assertRefused() {
        assertThatThrownBy(() -> TrailFixture.open(settings(crashed))).isInstanceOf(PlaneException.DataLoss.class);
    }
}
