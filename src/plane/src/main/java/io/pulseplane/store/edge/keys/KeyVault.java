package io.pulseplane.store.edge.keys;

import io.pulseplane.store.crypto.AesGcm;
import io.pulseplane.store.crypto.DecryptionFailedException;
import io.pulseplane.store.crypto.KeyEncryptionKey;
import io.pulseplane.store.edge.sqlite.Database;
import io.pulseplane.store.edge.sqlite.SqliteSession;
import io.pulseplane.store.edge.sqlite.SqliteSession.CheckpointMode;
import io.pulseplane.vitals.PlaneException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.crypto.KDF;
import javax.crypto.Mac;
import javax.crypto.SecretKey;
import javax.crypto.spec.HKDFParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * The data keys, one for each patient and one for what belongs to nobody, wrapped under the node's key.
 *
 * <p>They have a file of their own, so that a backup of the database alone shows nothing of anybody, and so that a key that is
 * destroyed is nowhere: deleted content is overwritten and the log of the file is emptied before {@link #destroy} returns.
 *
 * <p>A key is on disk before anything is sealed under it. May be used by several threads.
 */
public final class KeyVault implements AutoCloseable {

    /** A commit has a price; keys are made for so many patients at once. */
    private static final int KEYS_MADE_AHEAD = 64;

    /** Keys that are held unwrapped, those used last. */
    private static final int MAX_CACHED_KEYS = 100_000;

    /** Whose key it is that seals what belongs to no patient. Patients' numbers begin at 1. */
    private static final long STORE_OWNER = 0;

    private static final int KEY_BYTES = 32;

    private final SqliteSession session;
    private final KeyEncryptionKey nodeKey;
    private final AesGcm sealer = new AesGcm();
    private final SecureRandom random = new SecureRandom();
    private final Map<Long, SecretKey> keys = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Long, SecretKey> eldest) {
            return size() > MAX_CACHED_KEYS;
        }
    };
    private final SecretKey storeKey;
    private final SecretKey tagKey;
    private final boolean writable;
    private long highestOwner;

    private KeyVault(SqliteSession session, KeyEncryptionKey nodeKey, List<KeyEncryptionKey> earlier, boolean writes)
            throws SQLException {
        this.session = session;
        this.nodeKey = nodeKey;
        this.writable = writes;
        if (writes) {
            createTables();
            rewrap(earlier);
            highestOwner = readHighestOwner();
            ensureKey(STORE_OWNER);
        } else {
            requireSameNodeKey();
        }
        var root = key(STORE_OWNER).orElseThrow();
        storeKey = derive(root, "own", "AES");
        tagKey = derive(root, "tag", "HmacSHA256");
        if (writes) {
            // What was destroyed just before a crash may still be in the log.
            truncateWal();
        }
    }

    private void createTables() throws SQLException {
        session.execute("""
                CREATE TABLE IF NOT EXISTS data_key (
                  owner INTEGER PRIMARY KEY,
                  wrapped_by TEXT NOT NULL,
                  wrapped BLOB NOT NULL
                ) STRICT""");
        session.execute("""
                CREATE TABLE IF NOT EXISTS destroyed (
                  owner INTEGER PRIMARY KEY,
                  id_tag BLOB NOT NULL,
                  destroyed_us INTEGER NOT NULL
                ) STRICT""");
    }

    private void requireSameNodeKey() throws SQLException {
        var wrappedBy = wrappedBy();
        if (wrappedBy.isEmpty()) {
            throw new PlaneException.FailedPrecondition("there are no keys in the data directory");
        }
        if (!wrappedBy.get().equals(nodeKey.id())) {
            throw wrongNodeKey(wrappedBy.get());
        }
    }

    private PlaneException wrongNodeKey(String wrappedBy) {
        return new PlaneException.FailedPrecondition(
                "the data was sealed under node key " + wrappedBy + ", and the one given is " + nodeKey.id());
    }

    /**
     * Opens the vault, and makes it if it is not there. Keys that are wrapped under one of the earlier node keys are wrapped
     * anew, all of them or none.
     *
     * @throws PlaneException.FailedPrecondition if the keys are wrapped under a node key that is not here
     */
    public static KeyVault open(Database database, KeyEncryptionKey nodeKey, List<KeyEncryptionKey> earlier)
            throws SQLException {
        var session = database.openForWriting();
        try {
            session.execute("PRAGMA secure_delete = ON");
            return new KeyVault(session, nodeKey, earlier, true);
        } catch (SQLException | RuntimeException e) {
            session.close();
            throw e;
        }
    }

    /**
     * Opens the vault beside a plane that has it open, perhaps; changes nothing.
     *
     * @throws PlaneException.FailedPrecondition if the keys are wrapped under another node key
     */
    public static KeyVault openForReading(Database database, KeyEncryptionKey nodeKey) throws SQLException {
        var session = database.openForReading();
        try {
            return new KeyVault(session, nodeKey, List.of(), false);
        } catch (SQLException | RuntimeException e) {
            session.close();
            throw e;
        }
    }

    private void rewrap(List<KeyEncryptionKey> earlier) throws SQLException {
        var wrappedBy = wrappedBy();
        if (wrappedBy.isEmpty() || wrappedBy.get().equals(nodeKey.id())) {
            return;
        }
        var old = earlier.stream()
                .filter(key -> key.id().equals(wrappedBy.get()))
                .findFirst()
                .orElseThrow(() -> wrongNodeKey(wrappedBy.get()));
        session.inTransaction(() -> {
            var update = session.prepare("UPDATE data_key SET wrapped_by = ?, wrapped = ? WHERE owner = ?");
            try (var rows =
                    session.prepare("SELECT owner, wrapped FROM data_key").executeQuery()) {
                while (rows.next()) {
                    long owner = rows.getLong(1);
                    update.setString(1, nodeKey.id());
                    update.setBytes(
                            2,
                            nodeKey.wrap(
                                    sealer,
                                    AssociatedData.ofDataKey(owner),
                                    unwrap(old, owner, SqliteSession.bytesOrEmpty(rows, 2))));
                    update.setLong(3, owner);
                    update.executeUpdate();
                }
            }
        });
    }

    private Optional<String> wrappedBy() throws SQLException {
        try (var row = session.prepare("SELECT wrapped_by FROM data_key WHERE owner = " + STORE_OWNER)
                .executeQuery()) {
            return row.next() ? Optional.of(row.getString(1)) : Optional.empty();
        }
    }

    private long readHighestOwner() throws SQLException {
        try (var row =
                session.prepare("SELECT coalesce(max(owner), -1) FROM data_key").executeQuery()) {
            row.next();
            return row.getLong(1);
        }
    }

    /** Makes the key of a patient who gets this number, and of those who will get the next ones. */
    public synchronized void ensureKey(long owner) throws SQLException {
        if (owner <= highestOwner) {
            return;
        }
        long last = owner + KEYS_MADE_AHEAD - 1;
        session.inTransaction(() -> {
            var insert = session.prepare("INSERT INTO data_key VALUES (?, ?, ?)");
            for (long next = highestOwner + 1; next <= last; next++) {
                var bytes = new byte[KEY_BYTES];
                random.nextBytes(bytes);
                insert.setLong(1, next);
                insert.setString(2, nodeKey.id());
                insert.setBytes(
                        3, nodeKey.wrap(sealer, AssociatedData.ofDataKey(next), new SecretKeySpec(bytes, "AES")));
                insert.executeUpdate();
            }
        });
        highestOwner = last;
    }

    /** The key of a patient; none if it was destroyed. */
    public synchronized Optional<SecretKey> key(long owner) throws SQLException {
        var known = keys.get(owner);
        if (known != null) {
            return Optional.of(known);
        }
        var select = session.prepare("SELECT wrapped FROM data_key WHERE owner = ?");
        select.setLong(1, owner);
        try (var row = select.executeQuery()) {
            if (!row.next()) {
                return Optional.empty();
            }
            var key = unwrap(nodeKey, owner, SqliteSession.bytesOrEmpty(row, 1));
            keys.put(owner, key);
            return Optional.of(key);
        }
    }

    private SecretKey unwrap(KeyEncryptionKey under, long owner, byte[] wrapped) {
        try {
            return under.unwrap(sealer, AssociatedData.ofDataKey(owner), wrapped);
        } catch (DecryptionFailedException _) {
            throw new PlaneException.DataLoss("a data key is damaged, or was moved");
        }
    }

    /** A patient whose key was destroyed, as the database has it among those who were erased. */
    public record DestroyedKey(long owner, byte[] idTag, long time) {}

    /**
     * Destroys the key of a patient. When this returns, nothing that was sealed under it can be opened again. That it was
     * there is remembered here, too: an older copy of the database does not know it.
     *
     * @throws PlaneException.Unavailable if somebody else reads the file, so that its log could not be emptied: the key cannot be
     *     used any more, but may still lie there
     */
    public synchronized void destroy(DestroyedKey patient) throws SQLException {
        long owner = patient.owner;
        if (owner == STORE_OWNER) {
            throw new IllegalArgumentException("that key is nobody's to destroy");
        }
        session.inTransaction(() -> {
            var delete = session.prepare("DELETE FROM data_key WHERE owner = ?");
            delete.setLong(1, owner);
            delete.executeUpdate();
            var insert = session.prepare("INSERT OR IGNORE INTO destroyed VALUES (?, ?, ?)");
            insert.setLong(1, owner);
            insert.setBytes(2, patient.idTag);
            insert.setLong(3, patient.time);
            insert.executeUpdate();
        });
        keys.remove(owner);
        if (!truncateWal()) {
            throw new PlaneException.Unavailable("the patient's key could not be destroyed yet; ask again", null);
        }
    }

    public synchronized List<DestroyedKey> destroyedKeys() throws SQLException {
        var destroyed = new ArrayList<DestroyedKey>();
        try (var rows = session.prepare("SELECT owner, id_tag, destroyed_us FROM destroyed")
                .executeQuery()) {
            while (rows.next()) {
                destroyed.add(new DestroyedKey(rows.getLong(1), SqliteSession.bytesOrEmpty(rows, 2), rows.getLong(3)));
            }
        }
        return destroyed;
    }

    /** Says whether it is empty: it is not while somebody else reads. */
    private boolean truncateWal() throws SQLException {
        return session.checkpoint(CheckpointMode.TRUNCATE).isComplete();
    }

    /** Seals what belongs to no patient. */
    public SecretKey storeKey() {
        return storeKey;
    }

    /**
     * What an identifier is found by without being written down: its HMAC-SHA-256 under a key of this store.
     *
     * @param kind keeps equal identifiers of different kinds apart
     */
    public byte[] tag(String kind, String identifier) {
        try {
            var mac = Mac.getInstance("HmacSHA256");
            mac.init(tagKey);
            mac.update(kind.getBytes(StandardCharsets.UTF_8));
            mac.update((byte) 0);
            return Arrays.copyOf(mac.doFinal(identifier.getBytes(StandardCharsets.UTF_8)), KEY_BYTES / 2);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this Java has no HMAC-SHA-256", e);
        }
    }

    private static SecretKey derive(SecretKey root, String purpose, String algorithm) {
        try {
            var bytes = KDF.getInstance("HKDF-SHA256")
                    .deriveData(HKDFParameterSpec.ofExtract()
                            .addIKM(root)
                            .thenExpand(("pulseplane " + purpose).getBytes(StandardCharsets.UTF_8), KEY_BYTES));
            return new SecretKeySpec(bytes, algorithm);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this Java has no HKDF", e);
        }
    }

    @Override
    public synchronized void close() throws SQLException {
        if (writable) {
            truncateWal();
        }
        session.close();
    }
}
