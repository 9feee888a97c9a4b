package io.pulseplane.store.crypto;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pulseplane.vitals.PlaneException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class KeyEncryptionKeyTest {

    private static final String TEXT = Base64.getEncoder().encodeToString(new byte[32]);

    @TempDir
    Path directory;

    private Path file(String text, String permissions) throws IOException {
        var file = Files.writeString(directory.resolve("node.key"), text);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(permissions));
        return file;
    }

    @Test
    void is_created_once_and_only_its_owner_can_read_it() throws IOException {
        var file = directory.resolve("node.key");
        var created = KeyEncryptionKey.readOrCreate(file);
        assertThat(Files.getPosixFilePermissions(file)).isEqualTo(PosixFilePermissions.fromString("rw-------"));
        assertThat(KeyEncryptionKey.readOrCreate(file)).isEqualTo(created);
        assertThat(KeyEncryptionKey.read(file)).isEqualTo(created);
        try (var files = Files.list(directory)) {
            assertThat(files).containsExactly(file);
        }
        assertThat(KeyEncryptionKey.readOrCreate(directory.resolve("another.key")))
                .isNotEqualTo(created);
    }

    @ParameterizedTest
    @ValueSource(strings = {"rw-------", "r--------", "rw-r-----"})
    void is_read_if_only_its_owner_and_a_group_can_read_the_file(String permissions) throws IOException {
        assertThat(KeyEncryptionKey.read(file(TEXT + "\n", permissions))).isEqualTo(KeyEncryptionKey.fromBase64(TEXT));
    }

    @ParameterizedTest
    @ValueSource(strings = {"rw----r--", "rw--w----", "rw-----w-"})
    void is_refused_if_everybody_can_read_the_file_or_others_can_write_it(String permissions) throws IOException {
        var file = file(TEXT, permissions);
        assertThatThrownBy(() -> KeyEncryptionKey.read(file))
                .isInstanceOf(PlaneException.FailedPrecondition.class)
                .hasMessageContaining("chmod 600");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "s3cr3t!", "AAAA", "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFB"})
    void is_refused_unless_it_is_32_bytes_in_base64_and_is_not_quoted(String text) throws IOException {
        var file = file(text, "rw-------");
        assertThatThrownBy(() -> KeyEncryptionKey.read(file))
                .isInstanceOf(PlaneException.FailedPrecondition.class)
                .hasMessage("the key of the node must be 32 bytes, in base64");
    }

    @Test
    void is_not_read_from_a_file_that_is_much_too_large() throws IOException {
        var file = file(TEXT + " ".repeat(10_000), "rw-------");
        assertThatThrownBy(() -> KeyEncryptionKey.read(file)).isInstanceOf(PlaneException.FailedPrecondition.class);
    }

    @Test
    void is_unavailable_without_a_file() {
        assertThatThrownBy(() -> KeyEncryptionKey.read(directory.resolve("none")))
                .isInstanceOf(PlaneException.Unavailable.class);
    }

    @Test
    void is_read_from_the_output_of_a_command() {
        assertThat(KeyEncryptionKey.fromCommand(List.of("echo", TEXT))).isEqualTo(KeyEncryptionKey.fromBase64(TEXT));
    }

    @Test
    void is_unavailable_if_the_command_fails_or_does_not_exist() {
        assertThatThrownBy(() -> KeyEncryptionKey.fromCommand(List.of("sh", "-c", "echo " + TEXT + "; exit 3")))
                .isInstanceOf(PlaneException.Unavailable.class)
                .hasMessage("the command for the key of the node ended with 3");
        assertThatThrownBy(() -> KeyEncryptionKey.fromCommand(
                        List.of(directory.resolve("none").toString())))
                .isInstanceOf(PlaneException.Unavailable.class)
                .hasMessage("the command for the key of the node could not be run");
    }

    @Test
    void is_refused_if_the_command_prints_something_else() {
        assertThatThrownBy(() -> KeyEncryptionKey.fromCommand(List.of("echo", "no key today")))
                .isInstanceOf(PlaneException.FailedPrecondition.class);
    }

    @Test
    void is_named_by_its_id_in_text() {
        assertThat(KeyEncryptionKey.fromBase64(TEXT).toString())
                .doesNotContain(TEXT)
                .contains(KeyEncryptionKey.fromBase64(TEXT).id());
    }
}
