package io.pulseplane.store.crypto;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pulseplane.files.PrivateFiles;
import io.pulseplane.vitals.PlaneException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RecoveryKeyTest {

    /** Made by {@code openssl genpkey -algorithm X25519} and {@code openssl pkey -pubout}. */
    private static final String PRIVATE = """
            -----BEGIN PRIVATE KEY-----
            MC4CAQAwBQYDK2VuBCIEIFi+esDOju3wBzJa6GtM65EooV7hg3FwceH1QFAms1NT
            -----END PRIVATE KEY-----
            """;

    private static final String PUBLIC = """
            -----BEGIN PUBLIC KEY-----
            MCowBQYDK2VuAyEAiP3ko4pmix7Eu3LQYh+uuvxTLtOr8uDYjSvWyWXYjSM=
            -----END PUBLIC KEY-----
            """;

    private static final byte[] TEXT = "the keys of a store".getBytes(StandardCharsets.UTF_8);

    @TempDir
    Path directory;

    private Path publicKey;
    private Path privateKey;

    @BeforeEach
    void write_the_keys() throws IOException {
        publicKey = directory.resolve("recovery.pub");
        privateKey = directory.resolve("recovery.key");
        Files.writeString(publicKey, PUBLIC);
        Files.createFile(privateKey, PosixFilePermissions.asFileAttribute(PrivateFiles.FILE_MODE));
        Files.writeString(privateKey, PRIVATE);
    }

    @Test
    void opens_what_was_sealed_for_it() throws Exception {
        var sealed = RecoveryKey.Public.read(publicKey).seal("test", TEXT);
        assertThat(RecoveryKey.Private.read(privateKey).open("test", sealed)).isEqualTo(TEXT);
        assertThat(RecoveryKey.Private.read(privateKey).id())
                .isEqualTo(RecoveryKey.Public.read(publicKey).id());
        assertThat(RecoveryKey.Public.read(publicKey).seal("test", TEXT)).isNotEqualTo(sealed);
    }

    @Test
    void does_not_open_what_was_changed_or_sealed_for_another_use() {
        var key = RecoveryKey.Private.read(privateKey);
        var sealed = RecoveryKey.Public.read(publicKey).seal("test", TEXT);
        assertThatThrownBy(() -> key.open("other", sealed)).isInstanceOf(DecryptionFailedException.class);
        for (int at = 0; at < sealed.length; at++) {
            var changed = sealed.clone();
            changed[at] ^= 1;
            assertThatThrownBy(() -> key.open("test", changed))
                    .as("byte " + at)
                    .isInstanceOf(DecryptionFailedException.class);
        }
        assertThatThrownBy(() -> key.open("test", new byte[10])).isInstanceOf(DecryptionFailedException.class);
    }

    @Test
    void refuses_a_private_key_that_others_can_read_and_what_is_no_key() throws IOException {
        Files.setPosixFilePermissions(privateKey, PosixFilePermissions.fromString("rw-r--r--"));
        assertThatThrownBy(() -> RecoveryKey.Private.read(privateKey))
                .isInstanceOf(PlaneException.FailedPrecondition.class)
                .hasMessageContaining("chmod 600");
        assertThatThrownBy(() -> RecoveryKey.Public.read(privateKey))
                .isInstanceOf(PlaneException.FailedPrecondition.class)
                .hasMessageContaining("X25519")
                .hasMessageNotContaining("MC4C");
    }
}
