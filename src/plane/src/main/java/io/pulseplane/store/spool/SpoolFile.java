package io.pulseplane.store.spool;

import io.pulseplane.store.LockedDirectory;
import io.pulseplane.store.crypto.Aead;
import io.pulseplane.store.crypto.Keyset;
import io.pulseplane.vitals.PlaneException;
import io.pulseplane.vitals.ScreenedBatch;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.OptionalLong;
import org.sqlite.SQLiteConfig;

/**
 * Batches in a file of their own, in the order in which they came: {@code spool.db}, its log beside it, and {@code lock},
 * which keeps a second plane out. What a method has returned from is synced to disk.
 *
 * <p>Nothing of a patient can be read in it: batches are sealed, and a device is a name that only who has the key can make.
 */
final class SpoolFile implements AutoCloseable {

    /** "PSPL": which program's file this is. */
    private static final int APPLICATION_ID = 0x5053504C;

    private static final int SCHEMA_VERSION = 1;

    /** Of a row beside what is sealed in it. */
    static final int ROW_OVERHEAD_BYTES = 96;

    private static final int BUSY_MILLIS = 5_000;

    private final LockedDirectory directory;
    private final Connection connection;
    private final Aead aead;
    private final BatchCodec codec = new BatchCodec();
    private final PreparedStatement insert;
    private final PreparedStatement find;
    private final PreparedStatement select;
    private final PreparedStatement delete;
    private final PreparedStatement insertSetAside;

    private long nextNumber;
    private volatile long pendingBatches;
    private volatile long bytes;
    private volatile long setAsideBatches;
    private volatile long oldestPendingTime;

    /** A batch that waits. @param at when it was spooled, microseconds since the epoch */
    record Entry(long number, long spooledAt, ScreenedBatch batch) {}

    /** @throws PlaneException.FailedPrecondition if another plane has it open, or what is there is not ours to open */
    static SpoolFile open(Path directory, Keyset keys) {
        var own = LockedDirectory.acquire(directory, "spool");
        try {
            return new SpoolFile(own, new Aead(keys, "spool"));
        } catch (SQLException e) {
            own.close();
            throw new PlaneException.Unavailable("the spool cannot be written to", e);
        } catch (RuntimeException e) {
            own.close();
            throw e;
        }
    }

    private SpoolFile(LockedDirectory own, Aead seal) throws SQLException {
        this.directory = own;
        this.aead = seal;
        var config = new SQLiteConfig();
        config.setJournalMode(SQLiteConfig.JournalMode.WAL);
        // An acknowledgement is a promise: the log is synced at every commit, not only at checkpoints.
        config.setSynchronous(SQLiteConfig.SynchronousMode.FULL);
        config.setBusyTimeout(BUSY_MILLIS);
        connection = config.createConnection("jdbc:sqlite:" + own.path().resolve("spool.db"));
        prepareSchema();
        connection.setAutoCommit(false);
        insert = connection.prepareStatement(
                "INSERT INTO spooled (number, device, sequence, spooled_at, sealed) VALUES (?, ?, ?, ?, ?)");
        find = connection.prepareStatement(
                "SELECT number, spooled_at, sealed, device, sequence FROM spooled WHERE device = ? AND sequence = ?");
        select = connection.prepareStatement("""
                SELECT number, spooled_at, sealed, device, sequence FROM spooled
                WHERE number > ? ORDER BY number LIMIT ?""");
        delete = connection.prepareStatement("DELETE FROM spooled WHERE number <= ?");
        insertSetAside = connection.prepareStatement(
                "INSERT INTO set_aside (number, device, sequence, spooled_at, sealed) VALUES (?, ?, ?, ?, ?)");
        readCounts();
    }

    private void prepareSchema() throws SQLException {
        try (var statement = connection.createStatement()) {
            int application = queryInt(statement.executeQuery("PRAGMA application_id"));
            int version = queryInt(statement.executeQuery("PRAGMA user_version"));
            if (application == 0 && version == 0) {
                // Pages of what was forwarded are given back when the spool is empty.
                statement.execute("PRAGMA auto_vacuum = INCREMENTAL");
                statement.execute("VACUUM");
                statement.execute("""
                        CREATE TABLE spooled (
                          number INTEGER PRIMARY KEY, device BLOB NOT NULL, sequence INTEGER NOT NULL,
                          spooled_at INTEGER NOT NULL, sealed BLOB NOT NULL, UNIQUE (device, sequence)) STRICT""");
                statement.execute("""
                        CREATE TABLE set_aside (
                          number INTEGER PRIMARY KEY, device BLOB NOT NULL, sequence INTEGER NOT NULL,
                          spooled_at INTEGER NOT NULL, sealed BLOB NOT NULL) STRICT""");
                statement.execute("PRAGMA application_id = " + APPLICATION_ID);
                statement.execute("PRAGMA user_version = " + SCHEMA_VERSION);
            } else if (application != APPLICATION_ID || version != SCHEMA_VERSION) {
                connection.close();
                throw new PlaneException.FailedPrecondition(
                        "the spool was made by something else than this Pulseplane");
            }
        }
    }

    private static int queryInt(ResultSet rows) throws SQLException {
        try (rows) {
            rows.next();
            return rows.getInt(1);
        }
    }

    private void readCounts() throws SQLException {
        try (var statement = connection.createStatement();
                var row = statement.executeQuery("""
                        SELECT (SELECT count(*) FROM spooled), (SELECT coalesce(sum(length(sealed)), 0) FROM spooled),
                          (SELECT count(*) FROM set_aside), (SELECT coalesce(sum(length(sealed)), 0) FROM set_aside),
                          (SELECT coalesce(min(spooled_at), 0) FROM spooled),
                          max((SELECT coalesce(max(number), 0) FROM spooled), (SELECT coalesce(max(number), 0) FROM set_aside))
                        """)) {
            row.next();
            pendingBatches = row.getLong(1);
            setAsideBatches = row.getLong(3);
            bytes = row.getLong(2) + row.getLong(4) + (pendingBatches + setAsideBatches) * ROW_OVERHEAD_BYTES;
            oldestPendingTime = row.getLong(5);
            nextNumber = row.getLong(6) + 1;
        }
        connection.commit();
    }

    /** Batches that wait. */
    long pendingBatches() {
        return pendingBatches;
    }

    /** Bytes of all that is here, what was set aside included. */
    long bytes() {
        return bytes;
    }

    /** Batches the store has something else for. */
    long setAsideBatches() {
        return setAsideBatches;
    }

    /** Since when the first of those that wait does; empty if none does. Microseconds since the epoch. */
    OptionalLong oldestPendingTime() {
        return pendingBatches == 0 ? OptionalLong.empty() : OptionalLong.of(oldestPendingTime);
    }

    /** Sealed, so that it is known how much room it takes before it is put anywhere. */
    record SealedBatch(ScreenedBatch batch, byte[] devicePseudonym, byte[] ciphertext) {}

    synchronized SealedBatch seal(ScreenedBatch batch) {
        var device = aead.pseudonym("device", batch.device()).getBytes(StandardCharsets.US_ASCII);
        return new SealedBatch(batch, device, aead.seal(associatedData(device, batch.sequence()), codec.encode(batch)));
    }

    private static String associatedData(byte[] device, long sequence) {
        return new String(device, StandardCharsets.US_ASCII) + " " + Long.toUnsignedString(sequence);
    }

    /** All of them or none. */
    synchronized void append(Collection<SealedBatch> batches, long now) throws SQLException {
        long number = nextNumber;
        long added = 0;
        try {
            for (var batch : batches) {
                insert.setLong(1, number++);
                insert.setBytes(2, batch.devicePseudonym);
                insert.setLong(3, batch.batch.sequence());
                insert.setLong(4, now);
                insert.setBytes(5, batch.ciphertext);
                insert.executeUpdate();
                added += batch.ciphertext.length + ROW_OVERHEAD_BYTES;
            }
            connection.commit();
        } catch (SQLException e) {
            connection.rollback();
            throw e;
        }
        nextNumber = number;
        oldestPendingTime = pendingBatches == 0 ? now : oldestPendingTime;
        pendingBatches += batches.size();
        bytes += added;
    }

    /** The batch of this device with this sequence, if it waits; null if not. */
    synchronized Entry find(ScreenedBatch like) throws SQLException {
        if (pendingBatches == 0) {
            return null;
        }
        find.setBytes(1, aead.pseudonym("device", like.device()).getBytes(StandardCharsets.US_ASCII));
        find.setLong(2, like.sequence());
        try (var row = find.executeQuery()) {
            return row.next() ? entry(row) : null;
        }
    }

    /** The first of those that come after a number; one at least, if there is one, and no more readings than that. */
    synchronized List<Entry> entriesAfter(long number, int maxBatches, int maxReadings) throws SQLException {
        select.setLong(1, number);
        select.setInt(2, maxBatches);
        var entries = new ArrayList<Entry>();
        int readings = 0;
        try (var rows = select.executeQuery()) {
            while (rows.next()) {
                var entry = entry(rows);
                readings += entry.batch.size();
                if (!entries.isEmpty() && readings > maxReadings) {
                    break;
                }
                entries.add(entry);
            }
        }
        return entries;
    }

    private Entry entry(ResultSet row) throws SQLException {
        var opened = aead.open(associatedData(row.getBytes(4), row.getLong(5)), row.getBytes(3))
                .orElseThrow(() -> new PlaneException.DataLoss(
                        "the spool holds what this plane's keys do not open; were they changed, or its files?"));
        return new Entry(row.getLong(1), row.getLong(2), codec.decode(opened));
    }

    /** These do not wait any more, nor does any before them; some of them are kept aside. */
    synchronized void removeUpTo(List<Entry> done, Collection<Entry> toKeep) throws SQLException {
        long freed = 0;
        long kept = 0;
        try {
            for (var entry : toKeep) {
                kept += copyToSetAside(entry);
            }
            freed = bytesUpTo(done.getLast().number);
            delete.setLong(1, done.getLast().number);
            delete.executeUpdate();
            connection.commit();
        } catch (SQLException e) {
            connection.rollback();
            throw e;
        }
        pendingBatches -= done.size();
        setAsideBatches += toKeep.size();
        bytes += kept - freed;
        oldestPendingTime = readOldestTime();
        if (pendingBatches == 0) {
            shrink();
        }
    }

    private long readOldestTime() throws SQLException {
        try (var statement = connection.prepareStatement("SELECT spooled_at FROM spooled ORDER BY number LIMIT 1");
                var row = statement.executeQuery()) {
            return row.next() ? row.getLong(1) : 0;
        }
    }

    private long copyToSetAside(Entry entry) throws SQLException {
        var sealed = seal(entry.batch);
        insertSetAside.setLong(1, entry.number);
        insertSetAside.setBytes(2, sealed.devicePseudonym);
        insertSetAside.setLong(3, entry.batch.sequence());
        insertSetAside.setLong(4, entry.spooledAt);
        insertSetAside.setBytes(5, sealed.ciphertext);
        insertSetAside.executeUpdate();
        return sealed.ciphertext.length + ROW_OVERHEAD_BYTES;
    }

    private long bytesUpTo(long number) throws SQLException {
        try (var statement =
                connection.prepareStatement("SELECT sum(length(sealed) + ?) FROM spooled WHERE number <= ?")) {
            statement.setInt(1, ROW_OVERHEAD_BYTES);
            statement.setLong(2, number);
            try (var row = statement.executeQuery()) {
                row.next();
                return row.getLong(1);
            }
        }
    }

    /** Gives the disk back what an outage took; if that fails now, it is done after the next. */
    private void shrink() {
        try (var statement = connection.createStatement()) {
            // One call gives one page back: what is left of the pragma's rows is not run when its statement is closed.
            while (queryInt(statement.executeQuery("PRAGMA freelist_count")) > 0) {
                statement.execute("PRAGMA incremental_vacuum");
            }
            connection.commit();
            statement.execute("PRAGMA wal_checkpoint(TRUNCATE)");
        } catch (SQLException e) {
            System.getLogger(SpoolFile.class.getName())
                    .log(System.Logger.Level.DEBUG, "The spool's file was not made smaller", e);
        }
    }

    @Override
    public synchronized void close() {
        try {
            connection.close();
        } catch (SQLException e) {
            throw new IllegalStateException("the spool was not closed cleanly; what was acknowledged is safe", e);
        } finally {
            directory.close();
        }
    }
}
