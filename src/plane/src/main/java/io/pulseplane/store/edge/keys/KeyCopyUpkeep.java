package io.pulseplane.store.edge.keys;

import io.pulseplane.store.edge.keys.KeyCopy.Slot;
import io.pulseplane.store.edge.keys.KeyVault.DestroyedKey;
import io.pulseplane.store.edge.sqlite.SqliteSession;
import io.pulseplane.vitals.PlaneException;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/** Makes {@link KeyCopy} and the tables of {@code keys.db} agree, when a vault is opened and when keys change. */
final class KeyCopyUpkeep {

    private static final System.Logger LOG = System.getLogger(KeyCopyUpkeep.class.getName());

    /** The owners whose keys one write makes. */
    private static final int SLOTS_PER_WRITE = 64;

    private final SqliteSession session;
    private final KeyCopy copy;
    private final String nodeKey;

    KeyCopyUpkeep(SqliteSession session, KeyCopy copy, String nodeKey) {
        this.session = session;
        this.copy = copy;
        this.nodeKey = nodeKey;
    }

    /** Writes a key of the copy into {@code keys.db}, where it was damaged or missing. */
    void restore(long owner, Slot.Key key) throws SQLException {
        session.inTransaction(() -> {
            var insert = session.prepare("INSERT OR REPLACE INTO data_key VALUES (?, ?, ?)");
            insert.setLong(1, owner);
            insert.setString(2, key.nodeKey());
            insert.setBytes(3, key.wrapped());
            insert.executeUpdate();
        });
        LOG.log(Level.WARNING, "The key of patient number {0} was damaged in keys.db, and is restored", owner);
    }

    /**
     * Brings the copy up to date: after a crash the last keys may be missing in it, and all are if it is another
     * store's or wrapped under another node key. Keys that only the copy has stay in it.
     */
    void update(long highestOwner, List<DestroyedKey> destroyed) throws SQLException, IOException {
        var root = rows(0, 0).getFirst();
        boolean isOfStore = root != null && copy.read(0) instanceof Slot.Key key && key.equals(nodeKey, root);
        if (!isOfStore) {
            // A crash in the middle leaves slot 0 empty, and the next start begins again.
            copy.clear(0);
            copy.truncate(highestOwner + 1);
        }
        long first = isOfStore && copy.slots() > highestOwner ? Math.max(0, highestOwner - SLOTS_PER_WRITE + 1) : 0;
        for (long from = first + (isOfStore ? 0 : 1); from <= highestOwner; from += SLOTS_PER_WRITE) {
            write(from, Math.min(from + SLOTS_PER_WRITE - 1, highestOwner), isOfStore);
        }
        for (var key : destroyed) {
            if (!(copy.read(key.owner()) instanceof Slot.Destroyed)) {
                copy.putDestroyed(key);
            }
        }
        if (!isOfStore && root != null) {
            copy.putKeys(0, nodeKey, List.of(root));
        }
    }

    private void write(long from, long to, boolean keepsOthers) throws SQLException, IOException {
        var rows = rows(from, to);
        for (long owner = from; owner <= to; owner++) {
            var row = rows.get(Math.toIntExact(owner - from));
            var slot = copy.read(owner);
            if (row == null) {
                if (!keepsOthers) {
                    copy.clear(owner);
                }
            } else if (!(slot instanceof Slot.Key key && (keepsOthers || key.equals(nodeKey, row)))) {
                copy.putKeys(owner, nodeKey, List.of(row));
            }
        }
    }

    /** The wrapped keys of some owners; null where there is none. */
    private List<byte[]> rows(long from, long to) throws SQLException {
        var wrapped = new ArrayList<byte[]>();
        var select = session.prepare("SELECT wrapped FROM data_key WHERE owner = ?");
        for (long owner = from; owner <= to; owner++) {
            select.setLong(1, owner);
            try (var row = select.executeQuery()) {
                wrapped.add(row.next() ? SqliteSession.bytesOrEmpty(row, 1) : null);
            }
        }
        return wrapped;
    }

    /** Writes keys that were just made. Without the copy they are as safe as {@code keys.db} is. */
    void added(long firstOwner, List<byte[]> wrapped) {
        try {
            copy.putKeys(firstOwner, nodeKey, wrapped);
        } catch (IOException e) {
            LOG.log(Level.WARNING, "keys.copy could not be written; the next start tries again: {0}", e.getMessage());
        }
    }

    /** @throws PlaneException.Unavailable if the copy cannot be written: then nothing is destroyed yet */
    void destroy(DestroyedKey key) {
        try {
            copy.putDestroyed(key);
        } catch (IOException e) {
            throw new PlaneException.Unavailable("the patient's key could not be destroyed yet; try again", e);
        }
    }

    /** The keys that the copy knows to be destroyed. */
    List<DestroyedKey> destroyed() throws IOException {
        var destroyed = new ArrayList<DestroyedKey>();
        for (long owner = 0; owner < copy.slots(); owner++) {
            if (copy.read(owner) instanceof Slot.Destroyed(var idTag, var time)) {
                destroyed.add(new DestroyedKey(owner, idTag, time));
            }
        }
        return destroyed;
    }
}
