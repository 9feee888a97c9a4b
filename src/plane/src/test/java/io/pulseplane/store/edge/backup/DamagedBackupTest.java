package io.pulseplane.store.edge.backup;

import static io.pulseplane.store.edge.backup.BackupFixtures.append;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pulseplane.store.edge.backup.Manifest.Kind;
import io.pulseplane.store.edge.backup.Pruning.Keep;
import io.pulseplane.vitals.PlaneException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Damages each file of some backups in turn. {@code -Dpulseplane.backup.seed} repeats a run. */
class DamagedBackupTest {

    private static final long SEED = Long.getLong("pulseplane.backup.seed", System.nanoTime());
    private static final int FLIPS_PER_FILE = 40;

    @TempDir
    Path root;

    private final SplittableRandom random = new SplittableRandom(SEED);
    private BackupFixtures fixtures;

    /** The first full backup was removed, so that the list of removed backups is needed, too. */
    @BeforeEach
    void back_up_four_times() throws Exception {
        fixtures = new BackupFixtures(root);
        var store = fixtures.open();
        try {
            for (int i = 0; i < 4; i++) {
                append(store, i);
                fixtures.backUp(i == 2 ? Kind.INCREMENTAL : Kind.FULL);
            }
        } finally {
            store.close();
        }
        var removed = Pruning.prune(fixtures.backups, new Keep(3, 0, 0, 0));
        assertThat(removed).extracting(Manifest::number).containsExactly(1);
        assertThat(BackupCheck.check(fixtures.backups).findings()).isEmpty();
    }

    private List<Path> files() throws IOException {
        try (var files = Files.list(fixtures.backups)) {
            var all = files.filter(file -> !file.endsWith("lock")).sorted().toList();
            assertThat(all).extracting(file -> file.getFileName().toString()).contains("pruned", "000004.keys");
            return all;
        }
    }

    private void assertFound(Path file, String damage) {
        assertThat(BackupCheck.check(fixtures.backups).findings())
                .as(file.getFileName() + " " + damage + ", seed " + SEED)
                .isNotEmpty();
    }

    @Test
    void a_file_that_is_removed_is_found() throws IOException {
        for (var file : files()) {
            var content = Files.readAllBytes(file);
            Files.delete(file);
            assertFound(file, "removed");
            Files.write(file, content);
        }
        assertThat(BackupCheck.check(fixtures.backups).findings()).isEmpty();
    }

    @Test
    void a_file_that_is_truncated_is_found() throws IOException {
        for (var file : files()) {
            var content = Files.readAllBytes(file);
            for (int length : new int[] {0, 1, random.nextInt(content.length), content.length - 1}) {
                Files.write(file, Arrays.copyOf(content, length));
                assertFound(file, "truncated to " + length);
            }
            Files.write(file, content);
        }
        assertThat(BackupCheck.check(fixtures.backups).findings()).isEmpty();
    }

    @Test
    void a_bit_that_flips_is_found() throws IOException {
        for (var file : files()) {
            var content = Files.readAllBytes(file);
            for (int i = 0; i < FLIPS_PER_FILE; i++) {
                int at = random.nextInt(content.length);
                int bit = random.nextInt(Byte.SIZE);
                var flipped = content.clone();
                flipped[at] ^= (byte) (1 << bit);
                Files.write(file, flipped);
                assertFound(file, "flipped at " + at + ", bit " + bit);
            }
            Files.write(file, content);
        }
        assertThat(BackupCheck.check(fixtures.backups).findings()).isEmpty();
    }

    @Test
    void the_newest_backup_as_a_whole_is_missed() throws IOException {
        for (var file : files()) {
            if (file.getFileName().toString().startsWith("000004")) {
                Files.delete(file);
            }
        }
        assertFound(fixtures.backups, "without backup 4");
    }

    @Test
    void a_damaged_backup_is_not_restored_and_the_directory_stays_empty() throws IOException {
        var file = fixtures.backups.resolve("000004.blocks");
        var content = Files.readAllBytes(file);
        content[random.nextInt(content.length)] ^= 1;
        Files.write(file, content);
        var to = root.resolve("restored");
        assertThatThrownBy(() -> fixtures.restore(fixtures.newest(), to))
                .isInstanceOf(PlaneException.DataLoss.class)
                .hasMessageContaining("000004.blocks is damaged");
        try (var files = Files.list(to)) {
            assertThat(files.map(Path::getFileName).map(Path::toString)).containsExactly("lock");
        }
    }

    @Test
    void a_damaged_manifest_does_not_keep_other_backups_from_being_restored() throws IOException {
        for (int damaged : new int[] {2, 4}) {
            var file = fixtures.backups.resolve("00000" + damaged + ".manifest");
            var content = Files.readAllBytes(file);
            Files.write(file, Arrays.copyOf(content, content.length - 1));
            var whole = damaged == 2 ? 4 : 3;
            var to = root.resolve("restored" + whole);
            var result = fixtures.restore(fixtures.request(OptionalInt.of(whole)), to);
            assertThat(result.manifest().number()).isEqualTo(whole);
            Files.write(file, content);
        }
    }

    @Test
    void keys_whose_manifest_is_lost_stay_until_there_are_others() throws IOException {
        Files.delete(fixtures.backups.resolve("000004.manifest"));
        assertThatThrownBy(() -> fixtures.backUp(Kind.INCREMENTAL, new Disk(step -> {
                    if (step instanceof Disk.Step.Move) {
                        throw new IOException("stopped");
                    }
                })))
                .hasMessageContaining("stopped");
        assertThat(fixtures.backups.resolve("000004.keys")).exists();
        fixtures.restore(fixtures.request(OptionalInt.of(3)), root.resolve("restored"));
        assertThat(fixtures.backUp(Kind.INCREMENTAL).number()).isGreaterThan(4);
        assertThat(fixtures.backups.resolve("000004.keys")).doesNotExist();
        assertThat(BackupCheck.check(fixtures.backups).findings()).isEmpty();
    }
}
