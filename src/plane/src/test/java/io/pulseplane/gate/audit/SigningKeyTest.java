package io.pulseplane.gate.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pulseplane.vitals.PlaneException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SigningKeyTest {

    @TempDir
    Path directory;

    private Path file;

    @BeforeEach
    void name() {
        file = directory.resolve("node.key");
    }

    @Test
    void is_made_once_and_for_its_owner_alone() throws IOException {
        var made = SigningKey.open(file);
        assertThat(Files.getPosixFilePermissions(file)).isEqualTo(PosixFilePermissions.fromString("rw-------"));
        assertThat(SigningKey.open(file).publicKey()).isEqualTo(made.publicKey());
        assertThat(SigningKey.readPublic(directory.resolve("node.pub"))).isEqualTo(made.publicKey());
    }

    @Test
    void stands_in_pem_as_other_programs_read_it() throws IOException {
        SigningKey.open(file);
        assertThat(Files.readString(file))
                .startsWith("-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEI")
                .contains("\n-----END PRIVATE KEY-----\n-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA")
                .endsWith("\n-----END PUBLIC KEY-----\n");
        assertThat(Files.readString(directory.resolve("node.pub"))).doesNotContain("PRIVATE");
    }

    @Test
    void signs_so_that_the_public_half_tells() {
        var key = SigningKey.open(file);
        var line = key.sign("{\"head\":{\"last\":7");
        var check = new SignatureCheck(key.publicKey());
        assertThat(check.covers(line)).isTrue();
        assertThat(check.covers(line.replace(":7", ":8"))).isFalse();
        assertThat(check.covers("{\"head\":{\"last\":7\"}}\n")).isFalse();
        var other = SigningKey.open(directory.resolve("other.key"));
        assertThat(new SignatureCheck(other.publicKey()).covers(line)).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"rw-r-----", "rw----r--", "rw--w----", "rwx------", "rw-rw-rw-"})
    void is_refused_if_it_is_open_to_others(String permissions) throws IOException {
        SigningKey.open(file);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(permissions));
        assertThatThrownBy(() -> SigningKey.open(file))
                .isInstanceOf(PlaneException.FailedPrecondition.class)
                .hasMessageContaining("mode 0600");
    }

    @Test
    void may_be_read_only() throws IOException {
        var made = SigningKey.open(file);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("r--------"));
        assertThat(SigningKey.open(file).publicKey()).isEqualTo(made.publicKey());
    }

    @Test
    void is_refused_if_its_halves_do_not_belong_together() throws IOException {
        SigningKey.open(file);
        var other = directory.resolve("other.key");
        SigningKey.open(other);
        var mixed = Files.readString(file).replaceFirst("(?s)-----BEGIN PUBLIC.*", "")
                + Files.readString(directory.resolve("other.pub"));
        Files.writeString(file, mixed);
        assertThatThrownBy(() -> SigningKey.open(file)).isInstanceOf(PlaneException.FailedPrecondition.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "secret",
                "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
                "-----BEGIN PRIVATE KEY-----\n====\n-----END PRIVATE KEY-----\n"
            })
    void is_refused_if_it_is_none(String text) throws IOException {
        SigningKey.open(file);
        Files.writeString(file, text);
        assertThatThrownBy(() -> SigningKey.open(file)).isInstanceOf(PlaneException.FailedPrecondition.class);
        assertThat(file).hasContent(text);
    }

    @Test
    void gives_its_public_half_again_if_the_copy_is_lost() throws IOException {
        var made = SigningKey.open(file);
        Files.delete(directory.resolve("node.pub"));
        SigningKey.open(file);
        assertThat(SigningKey.readPublic(directory.resolve("node.pub"))).isEqualTo(made.publicKey());
    }

    @Test
    void has_a_public_half_that_is_refused_if_it_is_none() throws IOException {
        var copy = directory.resolve("node.pub");
        assertThatThrownBy(() -> SigningKey.readPublic(copy)).isInstanceOf(PlaneException.FailedPrecondition.class);
        Files.writeString(copy, "nothing");
        assertThatThrownBy(() -> SigningKey.readPublic(copy)).isInstanceOf(PlaneException.FailedPrecondition.class);
    }
}
