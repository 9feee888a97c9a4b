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
    void is_made_once_for_its_owner_alone() throws IOException {
        var file = directory.resolve("node.key");
        var made = KeyEncryptionKey.readOrCreate(file);
        assertThat(Files.getPosixFilePermissions(file)).isEqualTo(PosixFilePermissions.fromString("rw-------"));
        assertThat(KeyEncryptionKey.readOrCreate(file)).isEqualTo(made);
        assertThat(KeyEncryptionKey.read(file)).isEqualTo(made);
        try (var files = Files.list(directory)) {
            assertThat(files).containsExactly(file);
        }
        assertThat(KeyEncryptionKey.readOrCreate(directory.resolve("another.key")))
                .isNotEqualTo(made);
    }

    @ParameterizedTest
    @ValueSource(strings = {"rw-------", "r--------", "rw-r-----"})
    void is_read_where_its_owner_and_perhaps_a_group_may_read_it(String permissions) throws IOException {
        assertThat(KeyEncryptionKey.read(file(TEXT + "\n", permissions))).isEqualTo(KeyEncryptionKey.fromBase64(TEXT));
    }

    @ParameterizedTest
    @ValueSource(strings = {"rw----r--", "rw--w----", "rw-----w-"})
    void is_refused_where_everybody_may_read_it_or_others_write_it(String permissions) throws IOException {
        var file = file(TEXT, permissions);
        assertThatThrownBy(() -> KeyEncryptionKey.read(file))
                .isInstanceOf(PlaneException.FailedPrecondition.class)
                .hasMessageContaining("chmod 600");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "s3cr3t!", "AAAA", "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFB"})
    void is_32_bytes_in_base64_and_nothing_else_which_is_not_quoted(String text) throws IOException {
        var file = file(text, "rw-------");
        assertThatThrownBy(() -> KeyEncryptionKey.read(file))
                .isInstanceOf(PlaneException.FailedPrecondition.class)
                .hasMessage("the key of the node must be 32 bytes, in base64");
    }

    @Test
    void is_not_looked_for_in_a_file_that_is_much_too_large() throws IOException {
        var file = file(TEXT + " ".repeat(10_000), "rw-------");
        assertThatThrownBy(() -> KeyEncryptionKey.read(file)).isInstanceOf(PlaneException.FailedPrecondition.class);
    }

    @Test
    void that_is_not_there_is_unavailable() {
        assertThatThrownBy(() -> KeyEncryptionKey.read(directory.resolve("none")))
                .isInstanceOf(PlaneException.Unavailable.class);
    }

    @Test
    void is_what_a_command_prints() {
        assertThat(KeyEncryptionKey.fromCommand(List.of("echo", TEXT))).isEqualTo(KeyEncryptionKey.fromBase64(TEXT));
    }

    @Test
    void of_a_command_that_fails_or_is_not_there_is_unavailable() {
        assertThatThrownBy(() -> KeyEncryptionKey.fromCommand(List.of("sh", "-c", "echo " + TEXT + "; exit 3")))
                .isInstanceOf(PlaneException.Unavailable.class)
                .hasMessage("the command for the key of the node ended with 3");
        assertThatThrownBy(() -> KeyEncryptionKey.fromCommand(
                        List.of(directory.resolve("none").toString())))
                .isInstanceOf(PlaneException.Unavailable.class)
                .hasMessage("the command for the key of the node could not be run");
    }

    @Test
    void of_a_command_that_says_something_else_is_refused() {
        assertThatThrownBy(() -> KeyEncryptionKey.fromCommand(List.of("echo", "no key today")))
                .isInstanceOf(PlaneException.FailedPrecondition.class);
    }

    @Test
    void does_not_show_itself() {
        assertThat(KeyEncryptionKey.fromBase64(TEXT).toString())
                .doesNotContain(TEXT)
                .contains(KeyEncryptionKey.fromBase64(TEXT).id());
    }
}
