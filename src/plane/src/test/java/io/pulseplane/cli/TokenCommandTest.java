package io.pulseplane.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenCommandTest {

    @TempDir
    Path directory;

    private record Run(int status, String out, String err) {}

    private Run token(String... options) {
        var out = new StringWriter();
        var err = new StringWriter();
        var words = new ArrayList<>(List.of("token", "--data-dir", directory.toString()));
        words.addAll(List.of(options));
        var arguments = words.toArray(String[]::new);
        int status = Pulseplane.commandLine(arguments)
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true))
                .execute(arguments);
        return new Run(status, out.toString(), err.toString());
    }

    private static String claims(Run run) {
        assertThat(run.status()).as(run.err()).isZero();
        assertThat(run.err()).isEmpty();
        assertThat(run.out().lines()).hasSize(1);
        var parts = run.out().strip().split("\\.");
        assertThat(parts).hasSize(3);
        return new String(Base64.getUrlDecoder().decode(parts[1]), StandardCharsets.UTF_8);
    }

    @Test
    void prints_a_token_and_nothing_else() {
        assertThat(claims(token("--role", "authorized_medical_staff")))
                .contains("\"sub\":\"local\"", "\"roles\":[\"authorized_medical_staff\"]", "\"tenant\":\"local\"")
                .doesNotContain("patient_id", "device_id");
    }

    @Test
    void puts_the_options_into_the_claims() {
        assertThat(claims(token(
                        "--role",
                        "device,patient",
                        "--role",
                        "auditor",
                        "--patient",
                        "ada",
                        "--device",
                        "m1",
                        "--tenant",
                        "clinic",
                        "--subject",
                        "x",
                        "--ttl",
                        "30d")))
                .contains(
                        "\"sub\":\"x\"",
                        "\"roles\":[\"device\",\"patient\",\"auditor\"]",
                        "\"patient_id\":\"ada\"",
                        "\"device_id\":\"m1\"",
                        "\"tenant\":\"clinic\"");
        assertThat(claims(token("--role", "patient", "--patient", "ada"))).contains("\"sub\":\"ada\"");
        assertThat(claims(token("--role", "device", "--device", "m1"))).contains("\"sub\":\"m1\"");
    }

    private void assertWrongUsage(String message, String... arguments) {
        var run = token(arguments);
        assertThat(run.status()).isEqualTo(2);
        assertThat(run.out()).isEmpty();
        assertThat(run.err()).contains(message);
    }

    @Test
    void lists_the_roles_when_one_does_not_exist() {
        assertWrongUsage(
                "--role must be of device, authorized_medical_staff, clinical_admin, auditor, operator, patient",
                "--role",
                "Auditor");
        assertWrongUsage("Missing required option: '--role=ROLE'");
    }

    @Test
    void refuses_options_that_no_plane_would_accept() {
        assertWrongUsage("--ttl must be from 1s to 30d", "--role", "auditor", "--ttl", "31d");
        assertWrongUsage("--ttl must be from 1s to 30d", "--role", "auditor", "--ttl", "0s");
        assertWrongUsage("is not a duration", "--role", "auditor", "--ttl", "soon");
        assertWrongUsage("--patient must not be empty", "--role", "auditor", "--patient", "");
        assertWrongUsage("--device must say which device it is", "--role", "device");
        assertWrongUsage("--tenant must not be empty", "--role", "auditor", "--tenant", "");
        assertWrongUsage(
                "--subject must consist of printable characters, U+0009 is none",
                "--role",
                "auditor",
                "--subject",
                "a\tb");
        assertThat(directory).isEmptyDirectory();
    }

    @Test
    void reports_why_a_key_cannot_be_used() throws Exception {
        token("--role", "auditor");
        var key = directory.resolve("token.key");
        Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-r--r--"));
        var run = token("--role", "auditor");
        assertThat(run.status()).isEqualTo(1);
        assertThat(run.out()).isEmpty();
        assertThat(run.err())
                .startsWith(
                        "pulseplane: others can read or change the key for tokens (mode rw-r--r--): chmod 600 " + key);
    }

    @Test
    void shows_the_roles_in_its_help() {
        var run = token("--help");
        assertThat(run.status()).isZero();
        assertThat(run.out()).contains("clinical_admin");
    }
}
