package io.pulseplane.store.edge.keys;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pulseplane.store.crypto.KeyEncryptionKey;
import io.pulseplane.store.edge.EdgeSettings;
import io.pulseplane.store.edge.EdgeStore;
import io.pulseplane.store.edge.RawDatabase;
import io.pulseplane.store.edge.keys.KeyVault.DestroyedKey;
import io.pulseplane.store.edge.sqlite.Database;
import io.pulseplane.vitals.PlaneException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.stream.IntStream;
import javax.crypto.SecretKey;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

public class KeyVaultTest {

    private static final KeyEncryptionKey KEY = nodeKey(1);
    private static final KeyEncryptionKey NEXT = nodeKey(2);
    private static final byte[] TAG = {7};

    @TempDir
    Path directory;

    public static KeyEncryptionKey nodeKey(int seed) {
        var bytes = new byte[32];
        Arrays.fill(bytes, (byte) seed);
        return KeyEncryptionKey.fromBase64(Base64.getEncoder().encodeToString(bytes));
    }

    private KeyVault open(KeyEncryptionKey key, KeyEncryptionKey... earlier) throws SQLException {
        var vault = KeyVault.open(new Database(file()), key, List.of(earlier), true);
        vault.updateCopy();
        return vault;
    }

    private Path file() {
        return directory.resolve("keys.db");
    }

    private static List<SecretKey> keys(KeyVault vault) {
        return IntStream.rangeClosed(1, 300)
                .mapToObj(owner -> {
                    try {
                        return vault.key(owner).orElseThrow();
                    } catch (SQLException e) {
                        throw new AssertionError(e);
                    }
                })
                .toList();
    }

    private byte[] wrapped(long owner) throws SQLException {
        return RawDatabase.queryBlobs(file(), "SELECT wrapped FROM data_key WHERE owner = " + owner)
                .getFirst();
    }

    @Test
    void every_patient_has_a_key_of_its_own_which_stays_the_same() throws SQLException {
        List<SecretKey> before;
        byte[] tag;
        SecretKey storeKey;
        try (var vault = open(KEY)) {
            vault.ensureKey(300);
            before = keys(vault);
            storeKey = vault.storeKey();
            tag = vault.tag("mrn", "1");
        }
        assertThat(before).doesNotHaveDuplicates().doesNotContain(storeKey);
        try (var vault = open(KEY)) {
            assertThat(keys(vault)).isEqualTo(before);
            assertThat(vault.storeKey()).isEqualTo(storeKey);
            assertThat(vault.tag("mrn", "1")).isEqualTo(tag).isNotEqualTo(vault.tag("patient_id", "1"));
        }
    }

    @Test
    void another_node_key_is_refused_with_the_id_of_the_right_one() throws SQLException {
        open(KEY).close();
        assertThatThrownBy(() -> open(NEXT))
                .isInstanceOf(PlaneException.FailedPrecondition.class)
                .hasMessage("the data keys are wrapped under node key " + KEY.id() + ", but this plane was given "
                        + NEXT.id());
        open(KEY).close();
    }

    @Test
    void keys_are_rewrapped_under_a_new_node_key_and_the_earlier_one_is_not_needed_any_more() throws Exception {
        List<SecretKey> before;
        try (var vault = open(KEY)) {
            vault.ensureKey(300);
            before = keys(vault);
        }
        var wrappedBefore = wrapped(300);
        try (var vault = open(NEXT, nodeKey(3), KEY)) {
            assertThat(keys(vault)).isEqualTo(before);
            assertThat(RawDatabase.contains(directory, wrappedBefore)).isFalse();
        }
        try (var vault = open(NEXT)) {
            assertThat(keys(vault)).isEqualTo(before);
        }
        assertThatThrownBy(() -> open(KEY)).isInstanceOf(PlaneException.FailedPrecondition.class);
    }

    @Test
    void a_rotation_of_the_node_key_that_finds_a_damaged_key_changes_nothing() throws Exception {
        try (var vault = open(KEY)) {
            vault.ensureKey(300);
        }
        Files.delete(directory.resolve("keys.copy"));
        var undamaged = wrapped(200);
        RawDatabase.updateIn(file(), "UPDATE data_key SET wrapped = zeroblob(60) WHERE owner = 200");
        assertThatThrownBy(() -> open(NEXT, KEY)).isInstanceOf(PlaneException.DataLoss.class);
        RawDatabase.updateIn(file(), "UPDATE data_key SET wrapped = ? WHERE owner = 200", undamaged);
        try (var vault = open(KEY)) {
            assertThat(keys(vault)).hasSize(300);
        }
    }

    @Test
    void a_destroyed_key_cannot_be_read_any_more_and_its_bytes_are_in_no_file() throws Exception {
        try (var vault = open(KEY)) {
            vault.ensureKey(300);
            assertThat(vault.key(5)).isPresent();
            var wrapped = wrapped(5);
            assertThat(RawDatabase.contains(directory, wrapped)).isTrue();
            vault.destroy(new DestroyedKey(5, TAG, 9));
            assertThat(vault.key(5)).isEmpty();
            assertThat(RawDatabase.contains(directory, wrapped)).isFalse();
            vault.ensureKey(5);
        }
        try (var vault = open(KEY)) {
            assertThat(vault.key(5)).isEmpty();
            assertThat(vault.key(4)).isPresent();
            assertThat(vault.destroyedKeys()).singleElement().satisfies(destroyed -> {
                assertThat(destroyed.owner()).isEqualTo(5);
                assertThat(destroyed.idTag()).isEqualTo(TAG);
                assertThat(destroyed.time()).isEqualTo(9);
            });
        }
    }

    @Test
    void destroying_a_key_fails_while_another_reader_keeps_its_bytes_in_the_write_ahead_log() throws Exception {
        try (var vault = open(KEY);
                var otherReader = RawDatabase.connect(file())) {
            var wrapped = wrapped(5);
            otherReader.setAutoCommit(false);
            var statement = otherReader.createStatement();
            statement.executeQuery("SELECT count(*) FROM data_key");
            assertThatThrownBy(() -> vault.destroy(new DestroyedKey(5, TAG, 9)))
                    .isInstanceOf(PlaneException.Unavailable.class);
            assertThat(vault.key(5)).isEmpty();
            assertThat(RawDatabase.contains(directory, wrapped)).isTrue();

            statement.close();
            otherReader.rollback();
            vault.destroy(new DestroyedKey(5, TAG, 9));
            assertThat(RawDatabase.contains(directory, wrapped)).isFalse();
        }
    }

    @Test
    void keys_whose_rows_were_exchanged_are_refused() throws Exception {
        open(KEY).close();
        var one = wrapped(1);
        var two = wrapped(2);
        Files.delete(directory.resolve("keys.copy"));
        RawDatabase.updateIn(file(), "UPDATE data_key SET wrapped = ? WHERE owner = 1", two);
        RawDatabase.updateIn(file(), "UPDATE data_key SET wrapped = ? WHERE owner = 2", one);
        try (var vault = open(KEY)) {
            assertThatThrownBy(() -> vault.key(1)).isInstanceOf(PlaneException.DataLoss.class);
            assertThatThrownBy(() -> vault.key(2)).isInstanceOf(PlaneException.DataLoss.class);
            assertThat(vault.key(3)).isPresent();
        }
    }

    @Test
    void keys_of_another_database_are_refused() throws Exception {
        var settings = EdgeSettings.of(1).withNodeKey(KEY);
        var one = directory.resolve("one");
        var other = directory.resolve("other");
        EdgeStore.open(one, settings, () -> 0).close();
        EdgeStore.open(other, settings, () -> 0).close();
        Files.delete(one.resolve("keys.db"));
        Files.copy(other.resolve("keys.db"), one.resolve("keys.db"));
        assertThatThrownBy(() -> EdgeStore.open(one, settings, () -> 0))
                .isInstanceOf(PlaneException.FailedPrecondition.class)
                .hasMessageContaining("not those that its database was sealed under");
    }
}
