package io.pulseplane.store.edge;

import io.pulseplane.store.edge.Session.CheckpointMode;
import io.pulseplane.store.seal.NodeKey;
import io.pulseplane.store.seal.SealBroken;
import io.pulseplane.store.seal.Sealer;
import io.pulseplane.vitals.Problem;
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
final class KeyVault implements AutoCloseable {

    /** A commit has a price; keys are made for so many patients at once. */
    private static final int MADE_AT_ONCE = 64;

    /** Keys that are held unwrapped, those used last. */
    private static final int REMEMBERED = 100_000;

    /** Whose key it is that seals what belongs to no patient. Patients' numbers begin at 1. */
    private static final long NOBODY = 0;

    private static final int KEY_BYTES = 32;

    private final Session session;
    private final NodeKey nodeKey;
    private final Sealer sealer = new Sealer();
    private final SecureRandom random = new SecureRandom();
    private final Map<Long, SecretKey> keys = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Long, SecretKey> eldest) {
            return size() > REMEMBERED;
        }
    };
    private final SecretKey ownKey;
    private final SecretKey tagKey;
    private final boolean writes;
    private long highest;

    private KeyVault(Session session, NodeKey nodeKey, List<NodeKey> earlier, boolean writes) throws SQLException {
        this.session = session;
        this.nodeKey = nodeKey;
        this.writes = writes;
        if (writes) {
            makeTables();
            rewrap(earlier);
            highest = highest();
            ensure(NOBODY);
        } else {
            refuseOthers();
        }
        var root = key(NOBODY).orElseThrow();
        ownKey = derive(root, "own", "AES");
        tagKey = derive(root, "tag", "HmacSHA256");
        if (writes) {
            // What was destroyed just before a crash may still be in the log.
            emptyLog();
        }
    }

    private void makeTables() throws SQLException {
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

    private void refuseOthers() throws SQLException {
        var wrappedBy = wrappedBy();
        if (wrappedBy.isEmpty()) {
            throw new Problem.Unmet("there are no keys in the data directory");
        }
        if (!wrappedBy.get().equals(nodeKey.id())) {
            throw another(wrappedBy.get());
        }
    }

    private Problem another(String wrappedBy) {
        return new Problem.Unmet(
                "the data was sealed under node key " + wrappedBy + ", and the one given is " + nodeKey.id());
    }

    /**
     * Opens the vault, and makes it if it is not there. Keys that are wrapped under one of the earlier node keys are wrapped
     * anew, all of them or none.
     *
     * @throws Problem.Unmet if the keys are wrapped under a node key that is not here
     */
    static KeyVault open(Database database, NodeKey nodeKey, List<NodeKey> earlier) throws SQLException {
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
     * @throws Problem.Unmet if the keys are wrapped under another node key
     */
    static KeyVault openForReading(Database database, NodeKey nodeKey) throws SQLException {
        var session = database.openForReading();
        try {
            return new KeyVault(session, nodeKey, List.of(), false);
        } catch (SQLException | RuntimeException e) {
            session.close();
            throw e;
        }
    }

    private void rewrap(List<NodeKey> earlier) throws SQLException {
        var wrappedBy = wrappedBy();
        if (wrappedBy.isEmpty() || wrappedBy.get().equals(nodeKey.id())) {
            return;
        }
        var old = earlier.stream()
                .filter(key -> key.id().equals(wrappedBy.get()))
                .findFirst()
                .orElseThrow(() -> another(wrappedBy.get()));
        session.inTransaction(() -> {
            var update = session.prepare("UPDATE data_key SET wrapped_by = ?, wrapped = ? WHERE owner = ?");
            try (var rows =
                    session.prepare("SELECT owner, wrapped FROM data_key").executeQuery()) {
                while (rows.next()) {
                    long owner = rows.getLong(1);
                    update.setString(1, nodeKey.id());
                    update.setBytes(
                            2,
                            nodeKey.wrap(sealer, Place.ofDataKey(owner), unwrap(old, owner, Session.bytes(rows, 2))));
                    update.setLong(3, owner);
                    update.executeUpdate();
                }
            }
        });
    }

    private Optional<String> wrappedBy() throws SQLException {
        try (var row = session.prepare("SELECT wrapped_by FROM data_key WHERE owner = " + NOBODY)
                .executeQuery()) {
            return row.next() ? Optional.of(row.getString(1)) : Optional.empty();
        }
    }

    private long highest() throws SQLException {
        try (var row =
                session.prepare("SELECT coalesce(max(owner), -1) FROM data_key").executeQuery()) {
            row.next();
            return row.getLong(1);
        }
    }

    /** Makes the key of a patient who gets this number, and of those who will get the next ones. */
    synchronized void ensure(long owner) throws SQLException {
        if (owner <= highest) {
            return;
        }
        long last = owner + MADE_AT_ONCE - 1;
        session.inTransaction(() -> {
            var insert = session.prepare("INSERT INTO data_key VALUES (?, ?, ?)");
            for (long next = highest + 1; next <= last; next++) {
                var bytes = new byte[KEY_BYTES];
                random.nextBytes(bytes);
                insert.setLong(1, next);
                insert.setString(2, nodeKey.id());
                insert.setBytes(3, nodeKey.wrap(sealer, Place.ofDataKey(next), new SecretKeySpec(bytes, "AES")));
                insert.executeUpdate();
            }
        });
        highest = last;
    }

    /** The key of a patient; none if it was destroyed. */
    synchronized Optional<SecretKey> key(long owner) throws SQLException {
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
            var key = unwrap(nodeKey, owner, Session.bytes(row, 1));
            keys.put(owner, key);
            return Optional.of(key);
        }
    }

    private SecretKey unwrap(NodeKey under, long owner, byte[] wrapped) {
        try {
            return under.unwrap(sealer, Place.ofDataKey(owner), wrapped);
        } catch (SealBroken _) {
            throw new Problem.Damaged("a data key is damaged, or was moved");
        }
    }

    /** A patient whose key was destroyed, as the database has it among those who were erased. */
    record Destroyed(long owner, byte[] idTag, long time) {}

    /**
     * Destroys the key of a patient. When this returns, nothing that was sealed under it can be opened again. That it was
     * there is remembered here, too: an older copy of the database does not know it.
     *
     * @throws Problem.Unavailable if somebody else reads the file, so that its log could not be emptied: the key cannot be
     *     used any more, but may still lie there
     */
    synchronized void destroy(Destroyed patient) throws SQLException {
        long owner = patient.owner;
        if (owner == NOBODY) {
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
        if (!emptyLog()) {
            throw new Problem.Unavailable("the patient's key could not be destroyed yet; ask again", null);
        }
    }

    synchronized List<Destroyed> destroyed() throws SQLException {
        var destroyed = new ArrayList<Destroyed>();
        try (var rows = session.prepare("SELECT owner, id_tag, destroyed_us FROM destroyed")
                .executeQuery()) {
            while (rows.next()) {
                destroyed.add(new Destroyed(rows.getLong(1), Session.bytes(rows, 2), rows.getLong(3)));
            }
        }
        return destroyed;
    }

    /** Says whether it is empty: it is not while somebody else reads. */
    private boolean emptyLog() throws SQLException {
        return session.checkpoint(CheckpointMode.TRUNCATE).isComplete();
    }

    /** Seals what belongs to no patient. */
    SecretKey ownKey() {
        return ownKey;
    }

    /**
     * What an identifier is found by without being written down: its HMAC-SHA-256 under a key of this store.
     *
     * @param kind keeps equal identifiers of different kinds apart
     */
    byte[] tag(String kind, String identifier) {
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
        if (writes) {
            emptyLog();
        }
        session.close();
    }
}
