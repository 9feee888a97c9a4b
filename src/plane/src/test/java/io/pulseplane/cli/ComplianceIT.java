package io.pulseplane.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.pulseplane.gate.token.IdentityProvider;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Checks a plane as an operator does: as it comes out of the box, and configured for a ward. */
class ComplianceIT {

    @TempDir
    Path directory;

    @Test
    void names_what_is_wrong_with_a_plane_and_passes_it_when_that_is_mended() throws Exception {
        var data = directory.resolve("data");
        try (var plane = Program.Plane.serve(data)) {
            var check = check(plane, data);
            assertThat(check.status()).isEqualTo(1);
            assertThat(check.out())
                    .contains("{\"id\":\"key-of-data\"", "{\"id\":\"audit-trail-is-intact\"")
                    .containsPattern("\"id\":\"identity-provider\",[^\\n]*\"status\":\"FAIL\"")
                    .containsPattern("\\{\"passed\":\\d+,\"failed\":[34],\"notApplicable\":\\d+}\\n$");
        }
        var mended = directory.resolve("mended");
        var jwks = Files.writeString(directory.resolve("jwks.json"), IdentityProvider.jwks(IdentityProvider.EC));
        try (var plane = Program.Plane.serve(
                mended,
                "pulseplane.store.node-key=AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
                "pulseplane.store.retention=90d",
                "pulseplane.token.jwks=" + jwks)) {
            var check = check(plane, mended);
            // Whether a time server keeps the clock is a matter of the machine.
            assertThat(check.out().replaceAll("\\{\"id\":\"clock\"[^\\n]*\\n", ""))
                    .doesNotContain("\"status\":\"FAIL\"");
        }
    }

    @Test
    void fails_where_no_plane_answers() throws Exception {
        try (var port = Program.unansweredPort()) {
            var check = Program.run(
                    "compliance", "check", "--no-data-dir", "--http", "http://localhost:" + port.getLocalPort());
            assertThat(check.status()).isEqualTo(1);
            assertThat(check.out()).contains("plane-answers", "0 pass, 1 fail, 0 not applicable");
        }
    }

    private static Program.Run check(Program.Plane plane, Path data) throws Exception {
        return Program.run(
                "compliance",
                "check",
                "--json",
                "--http",
                "http://localhost:" + plane.httpPort(),
                "--data-dir",
                data.toString());
    }
}
