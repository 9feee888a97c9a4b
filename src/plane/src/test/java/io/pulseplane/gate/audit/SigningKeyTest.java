package io.pulseplane.gate.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pulseplane.vitals.PlaneException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
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
    void setFile() {
        file = directory.resolve("node.key");
    }

    @Test
    void is_created_once_and_can_be_read_by_its_owner_only() throws IOException {
        var key = SigningKey.open(file);
        assertThat(Files.getPosixFilePermissions(file)).isEqualTo(PosixFilePermissions.fromString("rw-------"));
        assertThat(SigningKey.open(file).publicKey()).isEqualTo(key.publicKey());
        assertThat(SigningKey.readPublic(directory.resolve("node.pub"))).isEqualTo(key.publicKey());
    }

    @Test
    void is_stored_as_pem_that_other_programs_can_read() throws IOException {
        SigningKey.open(file);
        assertThat(Files.readString(file))
                .startsWith("-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEI")
                .contains("\n-----END PRIVATE KEY-----\n-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA")
                .endsWith("\n-----END PUBLIC KEY-----\n");
        assertThat(Files.readString(directory.resolve("node.pub"))).doesNotContain("PRIVATE");
    }

    @Test
    void signs_lines_that_its_public_key_verifies() {
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
    void is_refused_if_others_have_access_to_it(String permissions) throws IOException {
        SigningKey.open(file);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(permissions));
        assertThatThrownBy(() -> SigningKey.open(file))
                .isInstanceOf(PlaneException.FailedPrecondition.class)
                .hasMessageContaining("chmod 600 " + file);
    }

    @Test
    void may_be_read_only() throws IOException {
        var key = SigningKey.open(file);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("r--------"));
        assertThat(SigningKey.open(file).publicKey()).isEqualTo(key.publicKey());
    }

    @Test
    void is_refused_if_its_private_and_public_key_are_not_a_pair() throws IOException {
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
    void is_refused_if_it_is_no_key_pair(String text) throws IOException {
        SigningKey.open(file);
        Files.writeString(file, text);
        assertThatThrownBy(() -> SigningKey.open(file)).isInstanceOf(PlaneException.FailedPrecondition.class);
        assertThat(file).hasContent(text);
    }

    @Test
    void writes_its_public_key_again_if_the_copy_is_lost() throws IOException {
        var key = SigningKey.open(file);
        Files.delete(directory.resolve("node.pub"));
        SigningKey.open(file);
        assertThat(SigningKey.readPublic(directory.resolve("node.pub"))).isEqualTo(key.publicKey());
    }

    @Test
    void has_a_public_key_that_is_refused_if_it_is_missing_or_no_key() throws IOException {
        var publicFile = directory.resolve("node.pub");
        assertThatThrownBy(() -> SigningKey.readPublic(publicFile))
                .isInstanceOf(PlaneException.FailedPrecondition.class);
        Files.writeString(publicFile, "nothing");
        assertThatThrownBy(() -> SigningKey.readPublic(publicFile))
                .isInstanceOf(PlaneException.FailedPrecondition.class);
    }

    @Test
    void may_be_in_a_file_outside_of_the_trail_and_needs_no_public_key() throws IOException {
        var key = SigningKey.open(file);
        var privateOnly = Files.readString(file).replaceFirst("(?s)-----BEGIN PUBLIC.*", "");
        Files.writeString(file, privateOnly);
        var trail = Files.createDirectory(directory.resolve("trail"));
        assertThat(SigningKey.open(new SigningKey.Source.KeyFile(file), trail).publicKey())
                .isEqualTo(key.publicKey());
        assertThat(SigningKey.readPublic(trail.resolve("node.pub"))).isEqualTo(key.publicKey());
        assertThat(trail.resolve("node.key")).doesNotExist();
    }

    @Test
    void may_be_what_a_command_prints() throws IOException {
        var key = SigningKey.open(file);
        var command = new SigningKey.Source.Command(List.of("cat", file.toString()));
        assertThat(SigningKey.open(command, directory).publicKey()).isEqualTo(key.publicKey());
        assertThatThrownBy(() -> SigningKey.open(new SigningKey.Source.Command(List.of("false")), directory))
                .isInstanceOf(PlaneException.Unavailable.class);
        assertThatThrownBy(() -> SigningKey.open(new SigningKey.Source.Command(List.of("echo", "no")), directory))
                .isInstanceOf(PlaneException.FailedPrecondition.class);
    }

    @Test
    void is_not_made_where_somebody_else_was_to_make_it() {
        assertThatThrownBy(() -> SigningKey.open(new SigningKey.Source.KeyFile(file), directory))
                .isInstanceOf(PlaneException.FailedPrecondition.class)
                .hasMessageContaining("does not exist");
        assertThat(file).doesNotExist();
    }

    @Test
    void is_refused_if_it_is_a_link() throws IOException {
        SigningKey.open(file);
        var link = Files.createSymbolicLink(directory.resolve("link.key"), file);
        assertThatThrownBy(() -> SigningKey.open(link)).isInstanceOf(PlaneException.FailedPrecondition.class);
    }
}
