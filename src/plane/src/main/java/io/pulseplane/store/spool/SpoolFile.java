package io.pulseplane.store.spool;

import io.pulseplane.files.PrivateFiles;
import io.pulseplane.store.LockedDirectory;
import io.pulseplane.store.crypto.Aead;
import io.pulseplane.store.crypto.Keyset;
import io.pulseplane.vitals.PlaneException;
import io.pulseplane.vitals.ScreenedBatch;
import java.io.IOException;
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
 * Keeps spooled batches in an SQLite file, in the order in which they came. The directory holds {@code spool.db}, its
 * write-ahead log, and {@code lock}, which keeps a second plane out. A method returns when its changes are synced to
 * disk.
 *
 * <p>Without the key nothing of a patient can be read: batches are sealed, and devices are stored as pseudonyms.
 */
final class SpoolFile implements AutoCloseable {

    /** "PSPL", the SQLite application id of a spool. */
    private static final int APPLICATION_ID = 0x5053504C;

    private static final int SCHEMA_VERSION = 1;

    /** Size of a row without its sealed batch, about. */
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

    /**
     * A batch that waits.
     *
     * @param spooledAt when it was spooled, microseconds since the epoch
     */
    record Entry(long number, long spooledAt, ScreenedBatch batch) {}

    /** @throws PlaneException.FailedPrecondition if another plane has the spool open, or another program made it */
    static SpoolFile open(Path directory, Keyset keys) {
        var locked = LockedDirectory.acquire(directory, "spool");
        try {
            var file = directory.resolve("spool.db");
            PrivateFiles.createOrTighten(file);
            PrivateFiles.tighten(Path.of(file + "-wal"));
            PrivateFiles.tighten(Path.of(file + "-shm"));
            return new SpoolFile(locked, new Aead(keys, "spool"));
        } catch (SQLException | IOException e) {
            locked.close();
            throw new PlaneException.Unavailable("the spool cannot be written to", e);
        } catch (RuntimeException e) {
            locked.close();
            throw e;
        }
    }

    private SpoolFile(LockedDirectory directory, Aead aead) throws SQLException {
        this.directory = directory;
        this.aead = aead;
        var config = new SQLiteConfig();
        config.setJournalMode(SQLiteConfig.JournalMode.WAL);
        // An acknowledgement is a promise, so SQLite must sync its log at every commit and not only at checkpoints.
        config.setSynchronous(SQLiteConfig.SynchronousMode.FULL);
        config.setBusyTimeout(BUSY_MILLIS);
        connection = config.createConnection("jdbc:sqlite:" + directory.path().resolve("spool.db"));
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
                // Lets shrink() give the pages of forwarded batches back.
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
                        "the spool is not one that this version of Pulseplane made");
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
                          max((SELECT coalesce(max(number), 0) FROM spooled),
                            (SELECT coalesce(max(number), 0) FROM set_aside))
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

    /** How many batches wait. */
    long pendingBatches() {
        return pendingBatches;
    }

    /** Size of all batches, including those set aside. */
    long bytes() {
        return bytes;
    }

    /** How many batches were set aside because they contradict the store. */
    long setAsideBatches() {
        return setAsideBatches;
    }

    /** When the oldest waiting batch was spooled, microseconds since the epoch; empty if no batch waits. */
    OptionalLong oldestPendingTime() {
        return pendingBatches == 0 ? OptionalLong.empty() : OptionalLong.of(oldestPendingTime);
    }

    /** A batch that was sealed before it is stored, so that its size is known. */
    record SealedBatch(ScreenedBatch batch, byte[] devicePseudonym, byte[] ciphertext) {}

    synchronized SealedBatch seal(ScreenedBatch batch) {
        var device = aead.pseudonym("device", batch.device()).getBytes(StandardCharsets.US_ASCII);
        return new SealedBatch(batch, device, aead.seal(associatedData(device, batch.sequence()), codec.encode(batch)));
    }

    private static String associatedData(byte[] device, long sequence) {
        return new String(device, StandardCharsets.US_ASCII) + " " + Long.toUnsignedString(sequence);
    }

    /** Appends all of the batches or none. */
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

    /** The waiting batch with the same device and sequence; null if none waits. */
    synchronized Entry find(ScreenedBatch batch) throws SQLException {
        if (pendingBatches == 0) {
            return null;
        }
        find.setBytes(1, aead.pseudonym("device", batch.device()).getBytes(StandardCharsets.US_ASCII));
        find.setLong(2, batch.sequence());
        try (var row = find.executeQuery()) {
            return row.next() ? entry(row) : null;
        }
    }

    /**
     * The first batches after a number. At most {@code maxReadings} readings, but at least one batch if there is one.
     */
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
        var plain = aead.open(associatedData(row.getBytes(4), row.getLong(5)), row.getBytes(3))
                .orElseThrow(() -> new PlaneException.DataLoss(
                        "this plane's keys cannot open a spooled batch; either the keys or the files were changed"));
        return new Entry(row.getLong(1), row.getLong(2), codec.decode(plain));
    }

    /** Removes these batches and every one before them. Copies the conflicting ones to the set-aside table. */
    synchronized void removeUpTo(List<Entry> done, Collection<Entry> conflicting) throws SQLException {
        long freed = 0;
        long kept = 0;
        try {
            for (var entry : conflicting) {
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
        setAsideBatches += conflicting.size();
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
        return (long) sealed.ciphertext.length + ROW_OVERHEAD_BYTES;
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

    /** Gives the disk space of an outage back. If that fails now, the next outage does it. */
    private void shrink() {
        try (var statement = connection.createStatement()) {
            // One call gives one page back: the pragma stops when its statement is closed.
            while (queryInt(statement.executeQuery("PRAGMA freelist_count")) > 0) {
                statement.execute("PRAGMA incremental_vacuum");
            }
            connection.commit();
            statement.execute("PRAGMA wal_checkpoint(TRUNCATE)");
        } catch (SQLException e) {
            System.getLogger(SpoolFile.class.getName())
                    .log(System.Logger.Level.DEBUG, "The spool file could not be shrunk", e);
        }
    }

    @Override
    public synchronized void close() {
        try {
            connection.close();
        } catch (SQLException e) {
            throw new IllegalStateException("the spool was not closed cleanly; acknowledged batches are safe", e);
        } finally {
            directory.close();
        }
    }
}
