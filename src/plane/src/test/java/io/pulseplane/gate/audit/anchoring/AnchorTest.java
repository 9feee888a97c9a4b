package io.pulseplane.gate.audit.anchoring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pulseplane.ReadingFixtures;
import io.pulseplane.gate.audit.verifying.Anchors;
import io.pulseplane.gate.audit.verifying.AuditVerifier;
import io.pulseplane.gate.audit.verifying.Finding;
import io.pulseplane.gate.audit.verifying.VerificationResult;
import io.pulseplane.gate.audit.writing.AuditSettings;
import io.pulseplane.gate.audit.writing.AuditSettings.Mode;
import io.pulseplane.gate.audit.writing.TrailFixture;
import io.pulseplane.vitals.PlaneException;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Ends of the trail that are kept elsewhere, and what they prove. */
class AnchorTest {

    @TempDir
    Path directory;

    private Path trail;
    private Path kept;

    @BeforeEach
    void name() {
        trail = directory.resolve("trail");
        kept = directory.resolve("kept");
    }

    private AuditSettings settings() {
        return TrailFixture.settingsWithSegmentBytes(4_000, trail);
    }

    private Anchor take() {
        return Anchor.take(trail, TrailFixture.key(trail));
    }

    private void anchorToFile() throws IOException {
        new AnchorPlace.InFile(kept).keep(take());
    }

    private VerificationResult verify() {
        return AuditVerifier.verify(trail, TrailFixture.key(trail), Anchors.read(kept));
    }

    private void assertUnanchored() {
        assertThat(verify())
                .isInstanceOfSatisfying(
                        VerificationResult.Broken.class,
                        result -> assertThat(result.findings()).hasAtLeastOneElementOfType(Finding.Unanchored.class));
    }

    @Test
    void are_proved_by_a_trail_that_has_grown_since() throws IOException {
        for (int round = 0; round < 5; round++) {
            TrailFixture.write(settings(), 7);
            anchorToFile();
        }
        TrailFixture.write(settings(), 7);
        assertThat(verify())
                .isInstanceOfSatisfying(
                        VerificationResult.Intact.class,
                        result -> assertThat(result.anchors()).isEqualTo(5));
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(kept)))
                .isEqualTo("rw-------");
    }

    @Test
    void are_proved_while_a_plane_writes_the_trail() throws IOException {
        try (var open = TrailFixture.open(settings())) {
            for (int round = 0; round < 10; round++) {
                TrailFixture.append(open, round * 5, round * 5 + 5);
                anchorToFile();
                assertThat(verify()).isInstanceOf(VerificationResult.Intact.class);
            }
        }
    }

    @Test
    void reveal_a_trail_that_somebody_with_the_key_wrote_anew() throws IOException {
        TrailFixture.write(settings(), 40);
        anchorToFile();
        for (var segment : TrailFixture.segments(trail)) {
            Files.delete(segment);
        }
        Files.delete(trail.resolve("head"));
        try (var anew = TrailFixture.open(settings())) {
            TrailFixture.append(anew, 1, 80);
        }
        assertThat(TrailFixture.verify(trail)).isInstanceOf(VerificationResult.Intact.class);
        assertUnanchored();
    }

    @Test
    void reveal_an_older_copy_of_the_trail() throws IOException {
        TrailFixture.write(settings(), 10);
        var older = directory.resolve("older");
        TrailFixture.copy(trail, older);
        TrailFixture.write(settings(), 30);
        anchorToFile();
        trail = older;
        assertThat(TrailFixture.verify(trail)).isInstanceOf(VerificationResult.Intact.class);
        assertUnanchored();
    }

    @Test
    void reveal_a_shorter_trail_with_the_same_number_of_segments() throws IOException {
        var large = TrailFixture.settings(Mode.SYNC, trail);
        try (var open = TrailFixture.open(large)) {
            TrailFixture.append(open, 0, 3);
            Awaitility.await().atMost(ReadingFixtures.TIMEOUT).until(() -> take().lastRecord() == 3);
            var older = directory.resolve("older");
            TrailFixture.copy(trail, older);
            TrailFixture.append(open, 3, 6);
            Awaitility.await().atMost(ReadingFixtures.TIMEOUT).until(() -> take().lastRecord() == 6);
            anchorToFile();
            trail = older;
        }
        var segment = TrailFixture.segments(trail).getFirst();
        assertThat(Files.size(segment)).isPositive();
        assertUnanchored();
    }

    @Test
    void are_found_in_the_lines_of_a_syslog_server_over_udp_and_tcp() throws IOException {
        TrailFixture.write(settings(), 10);
        try (var udp = new DatagramSocket(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
                var tcp = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            udp.setSoTimeout((int) ReadingFixtures.TIMEOUT.toMillis());
            AnchorPlace.parse("syslog+udp://127.0.0.1:" + udp.getLocalPort()).keep(take());
            var packet = new DatagramPacket(new byte[2_048], 2_048);
            udp.receive(packet);
            var line = new String(packet.getData(), 0, packet.getLength(), StandardCharsets.UTF_8);
            assertThat(line)
                    .matches("<85>1 \\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d{1,6})?Z \\S+ pulseplane -"
                            + " audit-anchor - \\{\"head\":.*}}");
            AnchorPlace.parse("syslog+tcp://127.0.0.1:" + tcp.getLocalPort()).keep(take());
            try (var connection = tcp.accept()) {
                var framed = new String(connection.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
                var message = framed.substring(framed.indexOf(' ') + 1);
                assertThat(framed).startsWith(message.length() + " <85>1 ");
                Files.writeString(kept, "Nov 28 host something else\n" + line + "\n" + message + "\n");
            }
        }
        assertThat(Anchors.read(kept).heads()).hasSize(1);
        assertThat(verify()).isInstanceOf(VerificationResult.Intact.class);
    }

    @Test
    void are_handed_over_at_an_interval_and_only_once_for_each_end() throws IOException {
        try (var open = TrailFixture.open(settings());
                var _ = PeriodicAnchoring.start(
                        this::take, List.of(new AnchorPlace.InFile(kept)), Duration.ofMillis(20))) {
            TrailFixture.append(open, 0, 5);
            Awaitility.await()
                    .atMost(ReadingFixtures.TIMEOUT)
                    .until(() -> Files.exists(kept) && TrailFixture.text(kept).contains("\"last\":5,"));
            var lines = TrailFixture.lines(kept);
            assertThat(lines).doesNotHaveDuplicates();
        }
        assertThat(verify()).isInstanceOf(VerificationResult.Intact.class);
    }

    @Test
    void are_not_taken_of_a_head_that_the_key_did_not_sign() throws IOException {
        TrailFixture.write(settings(), 3);
        var head = trail.resolve("head");
        Files.writeString(head, TrailFixture.text(head).replace("\"last\":3", "\"last\":2"));
        assertThatThrownBy(this::take).isInstanceOf(PlaneException.FailedPrecondition.class);
        Files.delete(head);
        assertThatThrownBy(this::take).isInstanceOf(PlaneException.FailedPrecondition.class);
    }

    @Test
    void are_missing_in_a_file_without_any() throws IOException {
        assertThatThrownBy(() -> Anchors.read(kept)).isInstanceOf(PlaneException.FailedPrecondition.class);
        Files.writeString(kept, "{\"head\":{}}\n");
        assertThatThrownBy(() -> Anchors.read(kept))
                .isInstanceOf(PlaneException.FailedPrecondition.class)
                .hasMessageContaining("has no anchor");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"file:", "kept", "syslog+udp://host", "syslog+udp://host:70000", "https://host:1", "syslog+tcp:1"
            })
    void have_places_of_known_kinds_only(String text) {
        assertThatThrownBy(() -> AnchorPlace.parse(text)).isInstanceOf(IllegalArgumentException.class);
    }
}
