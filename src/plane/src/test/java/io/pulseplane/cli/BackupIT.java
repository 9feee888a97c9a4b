package io.pulseplane.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.pulseplane.store.edge.backup.BackupFixtures;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Loses the disk of a plane that runs as its own process, and goes on with a backup. */
class BackupIT {

    private static final String ERASED = "sim-patient-0002";
    private static final String KEPT = "sim-patient-0001";

    @TempDir
    Path directory;

    private Path data;
    private Path backups;
    private Path publicKey;
    private Path privateKey;

    @BeforeEach
    void make_a_recovery_key() throws Exception {
        data = directory.resolve("data");
        backups = directory.resolve("backups");
        publicKey = directory.resolve("recovery.pub");
        privateKey = directory.resolve("recovery.key");
        BackupFixtures.writeRecoveryKey(publicKey, privateKey);
    }

    private Program.Run backUp(String kind) throws Exception {
        var run = Program.run(
                "backup",
                kind,
                "--data-dir",
                data.toString(),
                "--to",
                backups.toString(),
                "--recovery-key",
                publicKey.toString());
        assertThat(run.status()).as(run.err()).isZero();
        return run;
    }

    private void simulate(Program.Plane plane, int seconds) throws Exception {
        var run = Program.run(
                "simulate",
                "--target",
                plane.target(),
                "--data-dir",
                data.toString(),
                "--devices",
                "3",
                "--seconds",
                String.valueOf(seconds),
                "--seed",
                "1");
        assertThat(run.status()).as(run.out() + run.err()).isZero();
    }

    private static Program.Run query(Program.Plane plane, Path data, String patient) throws Exception {
        return Program.run(
                "query", "latest", "--target", plane.target(), "--data-dir", data.toString(), "--patient", patient);
    }

    @Test
    void a_plane_goes_on_with_its_backup_after_its_disk_is_lost() throws Exception {
        String before;
        String digest;
        try (var plane =
                Program.Plane.serve(data, "pulseplane.store.privacy-journal=" + backups.resolve("privacy.journal"))) {
            simulate(plane, 3);
            backUp("full");
            before = query(plane, data, KEPT).out();
            var incremental = backUp("incremental").out();
            digest = incremental.replaceAll("(?s).*digest ([0-9a-f]{64}).*", "$1");
            var erased = Program.run(
                    "erase",
                    "--target",
                    plane.target(),
                    "--data-dir",
                    data.toString(),
                    "--patient",
                    ERASED,
                    "--reason",
                    "request");
            assertThat(erased.status()).as(erased.err()).isZero();
        }
        var verified = Program.run("backup", "verify", "--from", backups.toString(), "--digest", digest);
        assertThat(verified.out()).startsWith("intact: 2 backups");
        assertThat(Program.run("backup", "list", "--from", backups.toString())
                        .out()
                        .lines())
                .hasSize(2);

        var restored = directory.resolve("restored");
        var run = Program.run(
                "restore",
                "--from",
                backups.toString(),
                "--to",
                restored.toString(),
                "--recovery-key",
                privateKey.toString());
        assertThat(run.status()).as(run.out() + run.err()).isZero();
        assertThat(run.out()).contains("restored backup 2, incremental", "audit trail: intact", "erased again: 1");
        try (var plane = Program.Plane.serve(restored)) {
            assertThat(query(plane, restored, KEPT).out()).isEqualTo(before);
            assertThat(query(plane, restored, ERASED).status()).isEqualTo(1);
        }
        assertThat(Program.run("store", "verify", "--data-dir", restored.toString())
                        .out())
                .startsWith("intact");
        assertThat(Program.run(
                                "audit",
                                "verify",
                                "--directory",
                                restored.resolve("audit").toString())
                        .out())
                .startsWith("intact");
        assertThat(trailOf(restored)).anyMatch(line -> line.contains("\"restore\"") && line.contains("backup 2 of"));
        assertThat(restored.resolve("restored")).doesNotExist();
    }

    private static List<String> trailOf(Path data) throws Exception {
        try (var files = Files.list(data.resolve("audit"))) {
            var lines = new ArrayList<String>();
            for (var file :
                    files.filter(file -> file.toString().endsWith(".log")).toList()) {
                lines.addAll(Files.readAllLines(file));
            }
            return lines;
        }
    }
}
