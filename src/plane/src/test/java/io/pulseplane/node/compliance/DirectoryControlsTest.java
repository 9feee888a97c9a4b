package io.pulseplane.node.compliance;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DirectoryControlsTest {

    @TempDir
    Path directory;

    private Path dataDir;

    @BeforeEach
    void create() throws IOException {
        dataDir = Files.createDirectory(directory.resolve("data"));
        permissions(dataDir, "rwx------");
        permissions(Files.createFile(dataDir.resolve("pulseplane.db")), "rw-r--r--");
    }

    private static void permissions(Path file, String permissions) throws IOException {
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(permissions));
    }

    private Map<String, Control> check() {
        return new DirectoryControls(dataDir)
                .check().stream().collect(Collectors.toMap(Control::id, control -> control));
    }

    @Test
    void a_directory_that_keeps_others_out_protects_its_files() {
        assertThat(check().get("file-permissions").status()).isEqualTo(Control.Status.PASS);
    }

    @Test
    void an_open_directory_fails_with_the_files_that_others_get_at() throws IOException {
        permissions(dataDir, "rwxr-xr-x");
        var control = check().get("file-permissions");
        assertThat(control.status()).isEqualTo(Control.Status.FAIL);
        assertThat(control.detail()).contains("pulseplane.db").endsWith("run chmod -R go= " + dataDir);
    }

    @Test
    void a_changed_audit_trail_fails() throws IOException {
        var trail = Files.createDirectory(dataDir.resolve("audit"));
        Files.writeString(trail.resolve("audit-0000000001.jsonl"), "{}\n");
        assertThat(check().get("audit-trail-is-intact").status()).isEqualTo(Control.Status.FAIL);
    }

    @Test
    void a_missing_directory_fails() throws IOException {
        Files.delete(dataDir.resolve("pulseplane.db"));
        Files.delete(dataDir);
        assertThat(check().get("data-directory").status()).isEqualTo(Control.Status.FAIL);
    }
}
