package io.pulseplane.store.edge.keys;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.pulseplane.store.crypto.AesGcm;
import io.pulseplane.store.crypto.KeyEncryptionKey;
import io.pulseplane.store.crypto.Keyset;
import io.pulseplane.store.edge.sqlite.Database;
import io.pulseplane.store.edge.sqlite.SqliteSession;
import io.pulseplane.store.edge.sqlite.SqliteSession.CheckpointMode;
import io.pulseplane.vitals.PlaneException;
import java.io.IOException;
import java.nio.file.Files;
import java.security.SecureRandom;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javax.crypto.SecretKey;
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
    static final long STORE_OWNER = 0;

    static final int KEY_BYTES = 32;

    private final SqliteSession session;

    /** Null if there is none, for a vault that only reads. */
    private final KeyCopy copy;

    private final KeyCopyUpkeep upkeep;
    private final WrappedKeys wrapped;
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

    private final StoreKeys storeKeys;
    private final boolean writable;
    private long highestOwner;

    private KeyVault(
            SqliteSession session,
            KeyCopy copy,
            KeyEncryptionKey nodeKey,
            List<KeyEncryptionKey> earlier,
            boolean writable,
            boolean mayCreate)
            throws SQLException, IOException {
        this.session = session;
        this.copy = copy;
        this.upkeep = new KeyCopyUpkeep(session, copy, nodeKey.id());
        this.wrapped = new WrappedKeys(session, Optional.ofNullable(copy), upkeep, nodeKey, writable);
        this.nodeKey = nodeKey;
        this.writable = writable;
        if (writable) {
            if (hasTables()) {
                wrapped.restoreRoot();
            }
            if (!mayCreate && !hasKeys()) {
                throw new PlaneException.FailedPrecondition(
                        "keys.db in the data directory has no keys for pulseplane.db: put the right one back");
            }
            createTables(session);
            wrapped.rewrap(earlier);
            highestOwner = readHighestOwner();
            ensureKey(STORE_OWNER);
        } else {
            wrapped.requireSameNodeKey();
        }
        var root = key(STORE_OWNER).orElseThrow();
        storeKeys = StoreKeys.of(root);
        if (writable) {
            // A key that was destroyed just before a crash may still be in the write-ahead log.
            truncateWal();
        }
    }

    private boolean hasKeys() throws SQLException {
        return hasTables() && wrapped.wrappedBy().isPresent();
    }

    private boolean hasTables() throws SQLException {
        try (var row = session.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'data_key'")
                .executeQuery()) {
            return row.next();
        }
    }

    static void createTables(SqliteSession session) throws SQLException {
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
        return open(
                database.openForWritingSecrets(),
                () -> {
                    return KeyCopy.openForWriting(KeyCopy.beside(database.file()));
                },
                (session, copy) -> new KeyVault(session, copy, nodeKey, earlier, true, mayCreate));
    }

    /**
     * Opens the vault to read keys. A plane may have it open meanwhile.
     *
     * @throws PlaneException.FailedPrecondition if the keys are wrapped under another node key
     */
    public static KeyVault openForReading(Database database, KeyEncryptionKey nodeKey) throws SQLException {
        var file = KeyCopy.beside(database.file());
        return open(
                database.openForReading(),
                () -> Files.exists(file) ? KeyCopy.openForReading(file) : null,
                (session, copy) -> new KeyVault(session, copy, nodeKey, List.of(), false, false));
    }

    private interface CopyOpener {
        KeyCopy open() throws IOException;
    }

    private interface Opener {
        KeyVault open(SqliteSession session, KeyCopy copy) throws SQLException, IOException;
    }

    private static KeyVault open(SqliteSession session, CopyOpener copyOpener, Opener opener) throws SQLException {
        KeyCopy copy = null;
        try {
            copy = copyOpener.open();
            return opener.open(session, copy);
        } catch (IOException e) {
            closeBoth(session, copy);
            throw new PlaneException.Unavailable("keys.copy cannot be read or written", e);
        } catch (SQLException | RuntimeException e) {
            closeBoth(session, copy);
            throw e;
        }
    }

    private static void closeBoth(SqliteSession session, KeyCopy copy) throws SQLException {
        try (session) {
            if (copy != null) {
                copy.close();
            }
        } catch (IOException e) {
            throw new PlaneException.Unavailable("keys.copy cannot be closed", e);
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

    /** Brings the copy of the keys up to date, once it is sure that these are the right keys. */
    public synchronized void updateCopy() throws SQLException {
        try {
            upkeep.update(highestOwner, destroyedKeys());
        } catch (IOException e) {
            throw new PlaneException.Unavailable("keys.copy cannot be read or written", e);
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
    public synchronized void acceptLostKeys(long upTo) throws SQLException {
        session.inTransaction(() -> session.execute("UPDATE store_identity SET lost_keys = " + upTo));
        highestOwner = readHighestOwner();
        try {
            // Older keys may still have one that was destroyed since.
            for (var key : upkeep.destroyed()) {
                destroy(key);
            }
        } catch (IOException e) {
            throw new PlaneException.Unavailable("keys.copy cannot be read", e);
        }
    }

    /** Makes the key for a patient's number, if there is none yet, and keys for the next numbers. */
    public synchronized void ensureKey(long owner) throws SQLException {
        if (owner <= highestOwner) {
            return;
        }
        long first = highestOwner + 1;
        long last = owner + KEYS_MADE_AHEAD - 1;
        var made = new ArrayList<byte[]>();
        session.inTransaction(() -> {
            var insert = session.prepare("INSERT INTO data_key VALUES (?, ?, ?)");
            for (long newOwner = first; newOwner <= last; newOwner++) {
                var bytes = new byte[KEY_BYTES];
                random.nextBytes(bytes);
                insert.setLong(1, newOwner);
                insert.setString(2, nodeKey.id());
                var newKey = nodeKey.wrap(aesGcm, AssociatedData.ofDataKey(newOwner), new SecretKeySpec(bytes, "AES"));
                insert.setBytes(3, newKey);
                insert.executeUpdate();
                made.add(newKey);
            }
        });
        highestOwner = last;
        upkeep.added(first, made);
    }

    /**
     * The key of a patient; empty if it was destroyed.
     *
     * @throws PlaneException.DataLoss if the wrapped key is damaged, or missing although it was never destroyed, here
     *     and in the copy
     */
    public Optional<SecretKey> key(long owner) throws SQLException {
        var cached = keys.getIfPresent(owner);
        return cached != null ? Optional.of(cached) : readKey(owner);
    }

    private synchronized Optional<SecretKey> readKey(long owner) throws SQLException {
        var key = wrapped.key(owner);
        key.ifPresent(k -> keys.put(owner, k));
        return key;
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
        upkeep.destroy(patient);
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

    /** What {@code keys.db} is now, as the content of a database file: the wrapped keys, and which are destroyed. */
    public synchronized byte[] image() throws SQLException {
        return session.image();
    }

    /**
     * The owners whose keys cannot be unwrapped.
     *
     * @throws SQLException if a page of {@code keys.db} is damaged
     */
    public synchronized List<Long> damagedOwners() throws SQLException {
        return wrapped.damagedOwners();
    }

    /** Which store the keys belong to; empty while the store is made. */
    public synchronized Optional<StoreIdentity> storeIdentity() throws SQLException {
        return identity();
    }

    /** Keys for the file with erasures and changes of consent, see {@code PrivacyJournal}. */
    public Keyset privacyJournalKeys() {
        return new Keyset(storeKeys.privacyJournal(), List.of());
    }

    /** The key for what belongs to no patient. */
    public SecretKey storeKey() {
        return storeKeys.sealing();
    }

    /**
     * The HMAC-SHA-256 of an identifier under a key of this store. The store finds rows by it and does not have to
     * write down the identifier.
     *
     * @param kind keeps equal identifiers of different kinds apart
     */
    public byte[] tag(String kind, String identifier) {
        return storeKeys.tag(kind, identifier);
    }

    /** The name that the audit trail has for an identifier with this {@link #tag}. */
    public byte[] auditName(byte[] tag) {
        return storeKeys.auditName(tag);
    }

    /** The tag of the identifier for which the audit trail has this name. */
    public byte[] tagOf(byte[] auditName) {
        return storeKeys.tagOf(auditName);
    }

    @Override
    public synchronized void close() throws SQLException {
        try {
            if (writable && !session.isClosed()) {
                truncateWal();
            }
        } finally {
            closeBoth(session, copy);
        }
    }
}
