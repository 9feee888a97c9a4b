package io.pulseplane.store.edge.keys;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
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
import java.util.List;
import java.util.Optional;
import javax.crypto.KDF;
import javax.crypto.Mac;
import javax.crypto.SecretKey;
import javax.crypto.spec.HKDFParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * Keeps the data keys: one for each patient, and one for what belongs to no patient. All are wrapped under the node's
 * key.
 *
 * <p>The keys have a file of their own. So a backup of the database alone shows nothing about any patient, and a
 * destroyed key is really gone: SQLite overwrites deleted content, and {@link #destroy} empties the write-ahead log
 * before it returns.
 *
 * <p>A key is on disk before anything is sealed under it. Several threads may use a vault.
 */
public final class KeyVault implements AutoCloseable {

    /** Every commit costs a sync, so one commit makes keys for this many patients. */
    private static final int KEYS_MADE_AHEAD = 64;

    /** How many unwrapped keys are held in memory. */
    private static final int MAX_CACHED_KEYS = 100_000;

    /** The owner of the key for what belongs to no patient. The numbers of patients begin at 1. */
    private static final long STORE_OWNER = 0;

    private static final int KEY_BYTES = 32;

    private final SqliteSession session;
    private final KeyEncryptionKey nodeKey;
    private final AesGcm aesGcm = new AesGcm();
    private final SecureRandom random = new SecureRandom();

    /**
     * Changes under the lock of the vault only, so that a key that is being destroyed is not put back; read without it.
     */
    private final Cache<Long, SecretKey> keys = Caffeine.newBuilder()
            .maximumSize(MAX_CACHED_KEYS)
            .executor(Runnable::run)
            .build();

    private final SecretKey storeKey;
    private final SecretKey tagKey;
    private final boolean writable;
    private long highestOwner;

    private KeyVault(
            SqliteSession session,
            KeyEncryptionKey nodeKey,
            List<KeyEncryptionKey> earlier,
            boolean writable,
            boolean mayCreate)
            throws SQLException {
        this.session = session;
        this.nodeKey = nodeKey;
        this.writable = writable;
        if (writable) {
            if (!mayCreate && !hasKeys()) {
                throw new PlaneException.FailedPrecondition(
                        "keys.db in the data directory has no keys for pulseplane.db: put the right one back");
            }
            createTables();
            rewrapKeys(earlier);
            highestOwner = readHighestOwner();
            ensureKey(STORE_OWNER);
        } else {
            requireSameNodeKey();
        }
        var root = key(STORE_OWNER).orElseThrow();
        storeKey = derive(root, "own", "AES");
        tagKey = derive(root, "tag", "HmacSHA256");
        if (writable) {
            // A key that was destroyed just before a crash may still be in the write-ahead log.
            truncateWal();
        }
    }

    private boolean hasKeys() throws SQLException {
        try (var row = session.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'data_key'")
                .executeQuery()) {
            if (!row.next()) {
                return false;
            }
        }
        return wrappedBy().isPresent();
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
        session.execute(StoreIdentity.CREATE_TABLE);
    }

    private void requireSameNodeKey() throws SQLException {
        var wrappedBy = wrappedBy();
        if (wrappedBy.isEmpty()) {
            throw new PlaneException.FailedPrecondition("the data directory has no data keys");
        }
        if (!wrappedBy.get().equals(nodeKey.id())) {
            throw wrongNodeKey(wrappedBy.get());
        }
    }

    private PlaneException wrongNodeKey(String wrappedBy) {
        return new PlaneException.FailedPrecondition(
                "the data keys are wrapped under node key " + wrappedBy + ", but this plane was given " + nodeKey.id());
    }

    /**
     * Opens the vault, and creates it if there is none. Keys that are wrapped under one of the earlier node keys are
     * wrapped under the present one, all of them or none.
     *
     * @param mayCreate false if the keys of a database are looked for: then others would be of no use
     * @throws PlaneException.FailedPrecondition if the keys are wrapped under a node key that is not among those given,
     *     or if there are none and none may be made
     */
    public static KeyVault open(
            Database database, KeyEncryptionKey nodeKey, List<KeyEncryptionKey> earlier, boolean mayCreate)
            throws SQLException {
        var session = database.openForWritingSecrets();
        try {
            return new KeyVault(session, nodeKey, earlier, true, mayCreate);
        } catch (SQLException | RuntimeException e) {
            session.close();
            throw e;
        }
    }

    /**
     * Opens the vault to read keys. A plane may have it open meanwhile.
     *
     * @throws PlaneException.FailedPrecondition if the keys are wrapped under another node key
     */
    public static KeyVault openForReading(Database database, KeyEncryptionKey nodeKey) throws SQLException {
        var session = database.openForReading();
        try {
            return new KeyVault(session, nodeKey, List.of(), false, false);
        } catch (SQLException | RuntimeException e) {
            session.close();
            throw e;
        }
    }

    private void rewrapKeys(List<KeyEncryptionKey> earlier) throws SQLException {
        var wrappedBy = wrappedBy();
        if (wrappedBy.isEmpty() || wrappedBy.get().equals(nodeKey.id())) {
            return;
        }
        var earlierKey = earlier.stream()
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
                                    aesGcm,
                                    AssociatedData.ofDataKey(owner),
                                    unwrap(earlierKey, owner, SqliteSession.bytesOrEmpty(rows, 2))));
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
        try (var row = session.prepare("""
                SELECT max(coalesce((SELECT max(owner) FROM data_key), -1),
                  coalesce((SELECT lost_keys FROM store_identity), -1))""").executeQuery()) {
            row.next();
            return row.getLong(1);
        }
    }

    synchronized long highestOwner() {
        return highestOwner;
    }

    synchronized Optional<StoreIdentity> identity() throws SQLException {
        return session.run(StoreIdentity::read);
    }

    synchronized void write(StoreIdentity identity) throws SQLException {
        StoreIdentity.write(session, identity);
    }

    /** Makes no keys for these numbers later: what was sealed under those that are missing could not be opened. */
    synchronized void acceptLostKeys(long upTo) throws SQLException {
        session.inTransaction(() -> session.execute("UPDATE store_identity SET lost_keys = " + upTo));
        highestOwner = readHighestOwner();
    }

    /** Makes the key for a patient's number, if there is none yet, and keys for the next numbers. */
    public synchronized void ensureKey(long owner) throws SQLException {
        if (owner <= highestOwner) {
            return;
        }
        long last = owner + KEYS_MADE_AHEAD - 1;
        session.inTransaction(() -> {
            var insert = session.prepare("INSERT INTO data_key VALUES (?, ?, ?)");
            for (long newOwner = highestOwner + 1; newOwner <= last; newOwner++) {
                var bytes = new byte[KEY_BYTES];
                random.nextBytes(bytes);
                insert.setLong(1, newOwner);
                insert.setString(2, nodeKey.id());
                insert.setBytes(
                        3, nodeKey.wrap(aesGcm, AssociatedData.ofDataKey(newOwner), new SecretKeySpec(bytes, "AES")));
                insert.executeUpdate();
            }
        });
        highestOwner = last;
    }

    /**
     * The key of a patient; empty if it was destroyed.
     *
     * @throws PlaneException.DataLoss if the wrapped key is damaged, or missing although it was never destroyed
     */
    public Optional<SecretKey> key(long owner) throws SQLException {
        var cached = keys.getIfPresent(owner);
        return cached != null ? Optional.of(cached) : readKey(owner);
    }

    private synchronized Optional<SecretKey> readKey(long owner) throws SQLException {
        return session.run(_ -> selectKey(owner));
    }

    private Optional<SecretKey> selectKey(long owner) throws SQLException {
        var select = session.prepare("SELECT wrapped FROM data_key WHERE owner = ?");
        select.setLong(1, owner);
        try (var row = select.executeQuery()) {
            if (!row.next()) {
                if (!isDestroyed(owner)) {
                    throw new PlaneException.DataLoss("the key of a patient is missing");
                }
                return Optional.empty();
            }
            var key = unwrap(nodeKey, owner, SqliteSession.bytesOrEmpty(row, 1));
            keys.put(owner, key);
            return Optional.of(key);
        }
    }

    private boolean isDestroyed(long owner) throws SQLException {
        var select = session.prepare("SELECT 1 FROM destroyed WHERE owner = ?");
        select.setLong(1, owner);
        try (var row = select.executeQuery()) {
            return row.next();
        }
    }

    private SecretKey unwrap(KeyEncryptionKey wrappingKey, long owner, byte[] wrapped) {
        try {
            return wrappingKey.unwrap(aesGcm, AssociatedData.ofDataKey(owner), wrapped);
        } catch (DecryptionFailedException _) {
            throw new PlaneException.DataLoss("a data key is damaged, or is that of another owner");
        }
    }

    /** A patient whose key was destroyed: the number, the tag of the id, and the time of the erasure. */
    public record DestroyedKey(long owner, byte[] idTag, long time) {}

    /**
     * Destroys the key of a patient. When this returns, nothing that was sealed under it can be opened again. The vault
     * remembers the erasure, because an older copy of the database does not know of it.
     *
     * @throws PlaneException.Unavailable if another process reads the file, so that the write-ahead log could not be
     *     emptied: the plane uses the key no more, but the file may still have it
     */
    public synchronized void destroy(DestroyedKey patient) throws SQLException {
        long owner = patient.owner;
        if (owner == STORE_OWNER) {
            throw new IllegalArgumentException("the store's own key cannot be destroyed");
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
        keys.invalidate(owner);
        if (!truncateWal()) {
            throw new PlaneException.Unavailable("the patient's key could not be destroyed yet; try again", null);
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

    /** Returns whether the log is empty now. It is not while another process reads. */
    private boolean truncateWal() throws SQLException {
        return session.run(_ -> session.checkpoint(CheckpointMode.TRUNCATE).isComplete());
    }

    /** The key for what belongs to no patient. */
    public SecretKey storeKey() {
        return storeKey;
    }

    /**
     * The HMAC-SHA-256 of an identifier under a key of this store. The store finds rows by it and does not have to
     * write down the identifier.
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
        try {
            if (writable && !session.isClosed()) {
                truncateWal();
            }
        } finally {
            session.close();
        }
    }
}
