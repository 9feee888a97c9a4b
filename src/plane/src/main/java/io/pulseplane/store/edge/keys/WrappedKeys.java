package io.pulseplane.store.edge.keys;

import io.pulseplane.store.crypto.AesGcm;
import io.pulseplane.store.crypto.DecryptionFailedException;
import io.pulseplane.store.crypto.KeyEncryptionKey;
import io.pulseplane.store.edge.keys.KeyCopy.Slot;
import io.pulseplane.store.edge.sqlite.SqliteErrors;
import io.pulseplane.store.edge.sqlite.SqliteSession;
import io.pulseplane.vitals.PlaneException;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javax.crypto.SecretKey;

/**
 * The wrapped keys of {@code keys.db}. A key that is damaged or missing there is taken from {@link KeyCopy}, and
 * written back.
 */
final class WrappedKeys {

    private static final System.Logger LOG = System.getLogger(WrappedKeys.class.getName());

    private final SqliteSession session;
    private final Optional<KeyCopy> copy;
    private final KeyCopyUpkeep upkeep;
    private final KeyEncryptionKey nodeKey;
    private final boolean writable;
    private final AesGcm aesGcm = new AesGcm();

    WrappedKeys(
            SqliteSession session,
            Optional<KeyCopy> copy,
            KeyCopyUpkeep upkeep,
            KeyEncryptionKey nodeKey,
            boolean writable) {
        this.session = session;
        this.copy = copy;
        this.upkeep = upkeep;
        this.nodeKey = nodeKey;
        this.writable = writable;
    }

    /** Makes sure that the row of the store's own key says under which node key all of them are wrapped. */
    void restoreRoot() throws SQLException {
        if (slotOf(KeyVault.STORE_OWNER) instanceof Slot.Key slot
                && slot.nodeKey().equals(nodeKey.id())
                && !wrappedBy().equals(Optional.of(nodeKey.id()))) {
            // The copy is never ahead of keys.db, so the row was changed by nobody: it is damaged.
            upkeep.restore(KeyVault.STORE_OWNER, slot);
        }
    }

    void requireSameNodeKey() throws SQLException {
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

    /** Wraps all keys under the present node key that are wrapped under one of the earlier ones. */
    void rewrap(List<KeyEncryptionKey> earlier) throws SQLException {
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
                                    unwrapAny(earlierKey, owner, SqliteSession.bytesOrEmpty(rows, 2))));
                    update.setLong(3, owner);
                    update.executeUpdate();
                }
            }
        });
    }

    Optional<String> wrappedBy() throws SQLException {
        try (var row = session.prepare("SELECT wrapped_by FROM data_key WHERE owner = " + KeyVault.STORE_OWNER)
                .executeQuery()) {
            return row.next() ? Optional.of(row.getString(1)) : Optional.empty();
        }
    }

    /** See {@link KeyVault#key}. */
    Optional<SecretKey> key(long owner) throws SQLException {
        try {
            return session.run(_ -> selectKey(owner));
        } catch (PlaneException.DataLoss e) {
            return keyOfCopy(owner).orElseThrow(() -> e);
        } catch (SQLException e) {
            if (!SqliteErrors.isDamage(e)) {
                throw e;
            }
            return keyOfCopy(owner).orElseThrow(() -> e);
        }
    }

    /** Empty if the copy says nothing either; an empty key if it says that the key was destroyed. */
    private Optional<Optional<SecretKey>> keyOfCopy(long owner) throws SQLException {
        return switch (slotOf(owner)) {
            case Slot.Destroyed _ -> Optional.of(Optional.empty());
            case Slot.Key slot
            when slot.nodeKey().equals(nodeKey.id()) -> {
                var key = unwrap(nodeKey, owner, slot.wrapped());
                if (writable) {
                    restore(owner, slot);
                }
                yield Optional.of(Optional.of(key));
            }
            case Slot.Key _, Slot.Empty _ -> Optional.empty();
        };
    }

    List<Long> damagedOwners() throws SQLException {
        var damaged = new ArrayList<Long>();
        try (var rows = session.prepare("SELECT owner, wrapped FROM data_key").executeQuery()) {
            while (rows.next()) {
                long owner = rows.getLong(1);
                try {
                    unwrap(nodeKey, owner, SqliteSession.bytesOrEmpty(rows, 2));
                } catch (PlaneException.DataLoss _) {
                    damaged.add(owner);
                }
            }
        }
        return damaged;
    }

    private Slot slotOf(long owner) {
        try {
            return copy.isEmpty() ? new Slot.Empty() : copy.get().read(owner);
        } catch (IOException e) {
            LOG.log(Level.WARNING, "keys.copy cannot be read: {0}", e.getMessage());
            return new Slot.Empty();
        }
    }

    /** If that fails, the key is still read from the copy. */
    private void restore(long owner, Slot.Key slot) {
        try {
            upkeep.restore(owner, slot);
        } catch (SQLException e) {
            LOG.log(Level.WARNING, "keys.db is damaged, and cannot be mended: {0}", e.getMessage());
        }
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

    /** As {@link #unwrap}, and from the copy if the wrapped key is damaged. */
    private SecretKey unwrapAny(KeyEncryptionKey wrappingKey, long owner, byte[] wrapped) {
        try {
            return unwrap(wrappingKey, owner, wrapped);
        } catch (PlaneException.DataLoss e) {
            if (slotOf(owner) instanceof Slot.Key slot && slot.nodeKey().equals(wrappingKey.id())) {
                return unwrap(wrappingKey, owner, slot.wrapped());
            }
            throw e;
        }
    }

    private SecretKey unwrap(KeyEncryptionKey wrappingKey, long owner, byte[] wrapped) {
        try {
            return wrappingKey.unwrap(aesGcm, AssociatedData.ofDataKey(owner), wrapped);
        } catch (DecryptionFailedException _) {
            throw new PlaneException.DataLoss("a data key is damaged, or is that of another owner");
        }
    }
}
