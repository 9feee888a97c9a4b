package io.pulseplane.store.edge.keys;

import io.pulseplane.store.crypto.AesGcm;
import io.pulseplane.store.crypto.DecryptionFailedException;
import io.pulseplane.store.crypto.KeyEncryptionKey;
import io.pulseplane.store.edge.keys.KeyVault.DestroyedKey;
import io.pulseplane.store.edge.sqlite.Database;
import java.security.SecureRandom;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import javax.crypto.spec.SecretKeySpec;

/** Keys that were found in damaged files. Of each owner there may be several, of which one is whole. */
public final class RestoredKeys {

    private final KeyEncryptionKey nodeKey;
    private final AesGcm aesGcm = new AesGcm();
    private final Map<Long, byte[]> whole = new TreeMap<>();
    private final Map<Long, DestroyedKey> destroyed = new TreeMap<>();
    private final List<Long> damaged = new ArrayList<>();

    public RestoredKeys(KeyEncryptionKey nodeKey) {
        this.nodeKey = nodeKey;
    }

    public void found(long owner, byte[] wrapped) {
        try {
            nodeKey.unwrap(aesGcm, AssociatedData.ofDataKey(owner), wrapped);
            whole.put(owner, wrapped);
        } catch (DecryptionFailedException _) {
            damaged.add(owner);
        }
    }

    public void foundDestroyed(DestroyedKey key) {
        destroyed.put(key.owner(), key);
    }

    /** Whether the key of the store itself was found, without which nobody is found by id. */
    public boolean hasStoreKey() {
        return whole.containsKey(KeyVault.STORE_OWNER);
    }

    public boolean isEmpty() {
        return whole.isEmpty();
    }

    /** The owners of whom only damaged keys were found. */
    public List<Long> lost() {
        return damaged.stream()
                .filter(owner -> !whole.containsKey(owner) && !destroyed.containsKey(owner))
                .distinct()
                .toList();
    }

    /** Writes them to a new file. A store's own key that was not found is made anew. */
    public void write(Database keys) throws SQLException {
        try (var session = keys.openForWritingSecrets()) {
            KeyVault.createTables(session);
            whole.keySet().removeAll(destroyed.keySet());
            if (!hasStoreKey()) {
                var bytes = new byte[KeyVault.KEY_BYTES];
                new SecureRandom().nextBytes(bytes);
                var associatedData = AssociatedData.ofDataKey(KeyVault.STORE_OWNER);
                whole.put(KeyVault.STORE_OWNER, nodeKey.wrap(aesGcm, associatedData, new SecretKeySpec(bytes, "AES")));
            }
            session.inTransaction(() -> {
                for (var key : whole.entrySet()) {
                    var insert = session.prepare("INSERT INTO data_key VALUES (?, ?, ?)");
                    insert.setLong(1, key.getKey());
                    insert.setString(2, nodeKey.id());
                    insert.setBytes(3, key.getValue());
                    insert.executeUpdate();
                }
                for (var key : destroyed.values()) {
                    var insert = session.prepare("INSERT INTO destroyed VALUES (?, ?, ?)");
                    insert.setLong(1, key.owner());
                    insert.setBytes(2, key.idTag());
                    insert.setLong(3, key.time());
                    insert.executeUpdate();
                }
            });
        }
    }
}
