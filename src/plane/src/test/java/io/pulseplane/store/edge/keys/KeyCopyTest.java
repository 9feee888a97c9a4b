package io.pulseplane.store.edge.keys;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pulseplane.store.crypto.KeyEncryptionKey;
import io.pulseplane.store.edge.RawDatabase;
import io.pulseplane.store.edge.keys.KeyVault.DestroyedKey;
import io.pulseplane.store.edge.sqlite.Database;
import io.pulseplane.vitals.PlaneException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import javax.crypto.SecretKey;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests that damage to one of the two files with wrapped keys loses no key, and brings back none that is destroyed. */
class KeyCopyTest {

    private static final KeyEncryptionKey KEY = KeyVaultTest.nodeKey(1);
    private static final int OWNERS = 200;
    private static final int ERASED = 7;
    private static final int BLOCK_BYTES = 4_096;

    @TempDir
    Path directory;

    private List<Optional<SecretKey>> keys;

    @BeforeEach
    void a_vault_with_keys_of_which_one_was_destroyed() throws SQLException {
        try (var vault = open(KEY)) {
            vault.ensureKey(OWNERS);
            vault.destroy(new DestroyedKey(ERASED, new byte[16], 1));
            keys = keysOf(vault);
        }
        assertThat(keys).doesNotHaveDuplicates().contains(Optional.empty());
    }

    private Path file(String name) {
        return directory.resolve(name);
    }

    private KeyVault open(KeyEncryptionKey key, KeyEncryptionKey... earlier) throws SQLException {
        var vault = KeyVault.open(new Database(file("keys.db")), key, List.of(earlier), true);
        try {
            vault.updateCopy();
            return vault;
        } catch (SQLException | RuntimeException e) {
            vault.close();
            throw e;
        }
    }

    private static List<Optional<SecretKey>> keysOf(KeyVault vault) throws SQLException {
        var keys = new ArrayList<Optional<SecretKey>>();
        for (int owner = 1; owner <= OWNERS; owner++) {
            keys.add(vault.key(owner));
        }
        return keys;
    }

    private void assertAllKeysAreThere() throws SQLException {
        try (var vault = open(KEY)) {
            assertThat(keysOf(vault)).isEqualTo(keys);
        }
    }

    @Test
    void a_damaged_key_is_taken_from_the_copy_and_mended() throws SQLException, IOException {
        RawDatabase.updateIn(file("keys.db"), "UPDATE data_key SET wrapped = zeroblob(60) WHERE owner IN (0, 5)");
        RawDatabase.updateIn(file("keys.db"), "DELETE FROM data_key WHERE owner = 6");
        assertAllKeysAreThere();
        Files.delete(file("keys.copy"));
        assertAllKeysAreThere();
    }

    @Test
    void the_store_s_own_key_is_restored() throws SQLException {
        for (var sql : List.of(
                "DELETE FROM data_key WHERE owner = 0",
                "UPDATE data_key SET wrapped_by = '0' WHERE owner = 0",
                "UPDATE data_key SET wrapped = zeroblob(60) WHERE owner = 0")) {
            RawDatabase.updateIn(file("keys.db"), sql);
            assertAllKeysAreThere();
        }
    }

    /** The page with the schema and the roots of the tables are needed to open the file; salvage reads what is left. */
    @Test
    void a_damaged_block_of_the_keys_loses_no_key_if_the_file_opens() throws SQLException, IOException {
        var original = Files.readAllBytes(file("keys.db"));
        var copy = Files.readAllBytes(file("keys.copy"));
        int opened = 0;
        for (int block = 0; block < original.length; block += 1_024) {
            var damaged = original.clone();
            Arrays.fill(damaged, block, block + 1_024, (byte) 0);
            Files.write(file("keys.db"), damaged);
            Files.write(file("keys.copy"), copy);
            try (var vault = open(KEY)) {
                assertThat(keysOf(vault)).as("block at " + block).isEqualTo(keys);
                opened++;
            } catch (PlaneException.DataLoss | SQLException e) {
                assertThat(e).as("block at " + block).hasMessageMatching(".*(malformed|not a database|damaged).*");
            }
        }
        assertThat(opened).isGreaterThan(original.length / 1_024 / 2);
    }

    @Test
    void damage_anywhere_in_the_copy_loses_nothing_and_is_mended_when_it_is_noticed() throws SQLException, IOException {
        var original = Files.readAllBytes(file("keys.copy"));
        for (int block = 0; block < original.length; block += BLOCK_BYTES) {
            var damaged = original.clone();
            Arrays.fill(damaged, block, Math.min(block + BLOCK_BYTES, damaged.length), (byte) 0);
            Files.write(file("keys.copy"), damaged);
            assertAllKeysAreThere();
        }
        Files.delete(file("keys.copy"));
        assertAllKeysAreThere();
        RawDatabase.updateIn(file("keys.db"), "DELETE FROM data_key WHERE owner BETWEEN 1 AND 6");
        assertAllKeysAreThere();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 127, 128, 5_000, 25_000})
    void a_copy_that_a_crash_left_short_is_completed(int bytes) throws SQLException, IOException {
        try (var copy = new RandomAccessFile(file("keys.copy").toFile(), "rw")) {
            copy.setLength(bytes);
        }
        assertAllKeysAreThere();
        RawDatabase.updateIn(file("keys.db"), "DELETE FROM data_key WHERE owner BETWEEN 1 AND 6");
        assertAllKeysAreThere();
    }

    @Test
    void an_older_copy_brings_back_no_key_that_was_destroyed_since() throws SQLException, IOException {
        var older = Files.readAllBytes(file("keys.copy"));
        try (var vault = open(KEY)) {
            vault.destroy(new DestroyedKey(8, new byte[16], 2));
        }
        Files.write(file("keys.copy"), older);
        RawDatabase.updateIn(file("keys.db"), "DELETE FROM data_key WHERE owner = 9");
        try (var vault = open(KEY)) {
            assertThat(vault.key(8)).isEmpty();
            assertThat(vault.key(9)).isEqualTo(keys.get(8));
        }
        try (var copy = KeyCopy.openForReading(file("keys.copy"))) {
            assertThat(copy.read(8)).isInstanceOf(KeyCopy.Slot.Destroyed.class);
        }
    }

    @Test
    void a_lost_record_of_an_erasure_does_not_make_it_a_loss() throws SQLException {
        RawDatabase.updateIn(file("keys.db"), "DELETE FROM destroyed");
        assertAllKeysAreThere();
    }

    @Test
    void a_copy_of_another_store_is_replaced() throws SQLException, IOException {
        var mine = Files.readAllBytes(file("keys.copy"));
        for (var name : List.of("keys.db", "keys.copy")) {
            Files.move(file(name), file("first-" + name));
        }
        try (var vault = open(KEY)) {
            vault.ensureKey(10);
        }
        Files.write(file("keys.copy"), mine);
        RawDatabase.updateIn(file("keys.db"), "DELETE FROM data_key WHERE owner = 5");
        try (var vault = open(KEY)) {
            assertThatThrownBy(() -> vault.key(5)).isInstanceOf(PlaneException.DataLoss.class);
            assertThat(vault.key(6)).isNotEqualTo(keys.get(5));
            assertThat(vault.key(ERASED)).isPresent();
        }
    }

    @Test
    void a_new_node_key_wraps_the_copy_too_and_mends_a_damaged_key() throws SQLException {
        RawDatabase.updateIn(file("keys.db"), "UPDATE data_key SET wrapped = zeroblob(60) WHERE owner = 5");
        var next = KeyVaultTest.nodeKey(2);
        try (var vault = open(next, KEY)) {
            assertThat(keysOf(vault)).isEqualTo(keys);
        }
        RawDatabase.updateIn(file("keys.db"), "UPDATE data_key SET wrapped = zeroblob(60) WHERE owner = 5");
        try (var vault = open(next)) {
            assertThat(keysOf(vault)).isEqualTo(keys);
        }
    }
}
