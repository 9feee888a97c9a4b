package io.pulseplane.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.pulseplane.files.PrivateFiles.Access;
import io.pulseplane.store.LockedDirectory;
import io.pulseplane.store.crypto.KeyEncryptionKey;
import io.pulseplane.store.edge.EdgeStore;
import io.pulseplane.vitals.PlaneException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Base64;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the plane keeps on disk is for its own user alone. */
class PrivateFilesTest {

    private static final int NOBODY = 65_534;

    @TempDir
    Path directory;

    private Path make(String mode) throws IOException {
        var made = Files.createDirectory(directory.resolve("data"));
        return Files.setPosixFilePermissions(made, PosixFilePermissions.fromString(mode));
    }

    private static String mode(Path path) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
    }

    private static boolean isRoot() throws IOException {
        return Files.exists(Path.of("/proc/self"))
                && Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0);
    }

    @ParameterizedTest
    @ValueSource(strings = {"rwxrwxrwx", "rwxr-xr-x", "rwxr-x---", "rwx--x---", "rwx-----x", "rwx-w----"})
    void a_directory_that_others_can_read_or_change_is_refused_with_the_command_that_mends_it(String mode)
            throws IOException {
        var data = make(mode);
        assertThatThrownBy(() -> LockedDirectory.acquire(data, "data directory"))
                .isInstanceOf(PlaneException.FailedPrecondition.class)
                .hasMessage("others can read or change the data directory (mode " + mode + "): chmod 700 " + data);
        assertThat(data).isEmptyDirectory();
    }

    @Test
    void the_group_may_read_a_directory_if_the_operator_says_so_but_never_change_it() throws IOException {
        var data = make("rwxr-x---");
        LockedDirectory.acquire(data, "data directory", Access.GROUP).close();
        Files.setPosixFilePermissions(data, PosixFilePermissions.fromString("rwxrwx---"));
        assertThatThrownBy(() -> LockedDirectory.acquire(data, "data directory", Access.GROUP))
                .hasMessageEndingWith("chmod 750 " + data);
        Files.setPosixFilePermissions(data, PosixFilePermissions.fromString("rwxr-x--x"));
        assertThatThrownBy(() -> LockedDirectory.acquire(data, "data directory", Access.GROUP))
                .hasMessageEndingWith("chmod 750 " + data);
    }

    @Test
    void a_lock_that_is_a_link_is_refused_and_its_target_stays_as_it_is() throws IOException {
        var data = make("rwx------");
        var target = directory.resolve("target");
        Files.createSymbolicLink(data.resolve("lock"), target);
        assertThatThrownBy(() -> LockedDirectory.acquire(data, "data directory"))
                .isInstanceOf(PlaneException.FailedPrecondition.class)
                .hasMessageContaining("no link");
        assertThat(target).doesNotExist();
    }

    @Test
    void every_file_of_a_store_is_for_its_owner_alone_also_one_of_an_earlier_version() throws IOException {
        var data = directory.resolve("data");
        try (var _ = EdgeStore.open(data, 1, () -> 1)) {
            assertThat(mode(data)).isEqualTo("rwx------");
            assertAllPrivate(data);
        }
        for (var file : new String[] {"pulseplane.db", "keys.db", "lock"}) {
            Files.setPosixFilePermissions(data.resolve(file), PosixFilePermissions.fromString("rw-r--r--"));
        }
        try (var _ = EdgeStore.open(data, 1, () -> 1)) {
            assertAllPrivate(data);
        }
    }

    private static void assertAllPrivate(Path data) throws IOException {
        try (var files = Files.list(data)) {
            assertThat(files.toList())
                    .hasSizeGreaterThanOrEqualTo(7)
                    .allSatisfy(
                            file -> assertThat(mode(file)).as(file.toString()).isEqualTo("rw-------"));
        }
    }

    @Test
    void a_file_of_another_user_is_refused_also_by_root() throws IOException {
        assumeTrue(isRoot(), "only root can give a file to another user");
        var file = Files.createFile(directory.resolve("node.key"));
        Files.writeString(file, Base64.getEncoder().encodeToString(new byte[32]));
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        assertThatCode(() -> KeyEncryptionKey.read(file)).doesNotThrowAnyException();
        Files.setAttribute(file, "unix:uid", NOBODY);
        assertThatThrownBy(() -> PrivateFiles.requirePrivateFile(file, "key"))
                .isInstanceOf(PlaneException.FailedPrecondition.class)
                .hasMessageContaining("chown");
        assertThatThrownBy(() -> KeyEncryptionKey.read(file)).isInstanceOf(PlaneException.FailedPrecondition.class);
        assertThatThrownBy(() -> KeyEncryptionKey.readOrCreate(file))
                .isInstanceOf(PlaneException.FailedPrecondition.class);
        var data = make("rwx------");
        Files.setAttribute(data, "unix:uid", NOBODY);
        assertThatThrownBy(() -> LockedDirectory.acquire(data, "data directory"))
                .isInstanceOf(PlaneException.FailedPrecondition.class)
                .hasMessageContaining("chown");
    }
}
