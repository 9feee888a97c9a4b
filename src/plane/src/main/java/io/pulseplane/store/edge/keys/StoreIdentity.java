package io.pulseplane.store.edge.keys;

import io.pulseplane.store.edge.sqlite.Database;
import io.pulseplane.store.edge.sqlite.SqliteSession;
import io.pulseplane.store.edge.sqlite.SqliteSession.CheckpointMode;
import io.pulseplane.vitals.PlaneException;
import java.sql.SQLException;
import java.util.Optional;
import java.util.UUID;

/**
 * Which store a database and its keys belong to, and how many starts both have seen. A file that was put back from a
 * backup, or that is another store's, is recognised by it at the next start, and the plane refuses to start.
 *
 * <p>The generation grows by one with every start: first in the database, then in the keys. So the database is never
 * behind the keys, and ahead of them by one start at most.
 *
 * @param id the same in all files of one store
 * @param generation 0 while a new store is made
 */
public record StoreIdentity(String id, long generation) {

    private static final String ADOPT = "; if that is meant, run `pulseplane store adopt`";

    /** Creates the table in a new database, which is one of the keys or one of the readings. */
    public static final String CREATE_TABLE = """
            CREATE TABLE IF NOT EXISTS store_identity (
              number INTEGER PRIMARY KEY CHECK (number = 1),
              id TEXT NOT NULL,
              generation INTEGER NOT NULL,
              -- In the database: whether the directory of the audit trail has the id, too.
              audited INTEGER NOT NULL DEFAULT 0,
              -- In the keys: up to this number, keys that are missing are known to be lost.
              lost_keys INTEGER NOT NULL DEFAULT 0,
              -- Counts writes that only try whether the disk can be written to.
              trials INTEGER NOT NULL DEFAULT 0
            ) STRICT;
            """;

    /**
     * Begins a new generation.
     *
     * @throws PlaneException.FailedPrecondition if the two do not belong together, or one of them is older; nothing is
     *     changed then
     */
    public static StoreIdentity begin(SqliteSession database, KeyVault vault) throws SQLException {
        var inDatabase = read(database);
        var inKeys = vault.identity();
        requireSameStore(inDatabase, inKeys);
        if (highestPatient(database) > vault.highestOwner()) {
            throw olderKeys();
        }
        if (inKeys.isEmpty()) {
            inKeys = Optional.of(new StoreIdentity(UUID.randomUUID().toString(), 0));
            vault.write(inKeys.get());
        }
        var next = new StoreIdentity(inKeys.get().id, inKeys.get().generation + 1);
        if (!inDatabase.equals(Optional.of(next))) {
            write(database, next);
        }
        // The file by itself has the generation before a log of that generation begins.
        database.checkpoint(CheckpointMode.TRUNCATE);
        vault.write(next);
        return next;
    }

    /**
     * Refuses a database that is older than the write-ahead log beside it: SQLite would mix the two. Call it before
     * the database is opened.
     *
     * @param databaseFile the content of the file without that of the log; empty if it cannot be read by itself
     */
    public static void requireNotOlderThanLog(Optional<StoreIdentity> databaseFile, KeyVault vault)
            throws SQLException {
        var inKeys = vault.identity();
        if (databaseFile.isPresent()
                && inKeys.isPresent()
                && databaseFile.get().id.equals(inKeys.get().id)
                && databaseFile.get().generation < inKeys.get().generation) {
            throw new PlaneException.FailedPrecondition(
                    "pulseplane.db is older than its write-ahead log pulseplane.db-wal: put the right one back, or move"
                            + " the log away to go on without it");
        }
    }

    /** Reads the identity from a file alone, without the write-ahead log beside it. */
    public static Optional<StoreIdentity> readWithoutLog(Database database) {
        try (var session = database.openWithoutLog()) {
            return read(session);
        } catch (SQLException _) {
            // A checkpoint that a power cut ended may have left it half written, and the log mends that.
            return Optional.empty();
        }
    }

    private static void requireSameStore(Optional<StoreIdentity> inDatabase, Optional<StoreIdentity> inKeys) {
        if (inDatabase.isEmpty() && inKeys.isPresent() && inKeys.get().generation > 0) {
            throw new PlaneException.FailedPrecondition(
                    "pulseplane.db is missing or older than keys.db in the data directory" + ADOPT);
        }
        if (inDatabase.isEmpty()) {
            return;
        }
        var database = inDatabase.get();
        var keys = inKeys.orElseThrow(StoreIdentity::olderKeys);
        if (!database.id.equals(keys.id)) {
            throw new PlaneException.FailedPrecondition(
                    "pulseplane.db and keys.db in the data directory are those of two stores" + ADOPT);
        }
        if (keys.generation < database.generation - 1) {
            throw olderKeys();
        }
        if (database.generation < keys.generation) {
            throw new PlaneException.FailedPrecondition(
                    "pulseplane.db is older than keys.db in the data directory: readings and consents are missing"
                            + ADOPT);
        }
    }

    private static PlaneException olderKeys() {
        return new PlaneException.FailedPrecondition(
                "keys.db is older than pulseplane.db in the data directory: patients would lose their readings"
                        + ADOPT);
    }

    /**
     * Declares that the two belong together as they are. Patients whose keys are missing stay unreadable, and keep
     * their numbers.
     */
    public static StoreIdentity adopt(SqliteSession database, KeyVault vault) throws SQLException {
        var inDatabase = read(database);
        var inKeys = vault.identity();
        long generation = Math.max(
                inDatabase.map(StoreIdentity::generation).orElse(0L),
                inKeys.map(StoreIdentity::generation).orElse(0L));
        var id = inDatabase
                .or(() -> inKeys)
                .map(StoreIdentity::id)
                .orElseGet(() -> UUID.randomUUID().toString());
        var adopted = new StoreIdentity(id, generation + 1);
        vault.write(adopted);
        vault.acceptLostKeys(highestPatient(database));
        write(database, adopted);
        setAudited(database, false);
        return adopted;
    }

    /** The highest number of a patient who was not erased; 0 if there is none. */
    private static long highestPatient(SqliteSession database) throws SQLException {
        try (var row = database.prepare(
                        "SELECT number FROM patient WHERE id_tag IS NOT NULL ORDER BY number DESC LIMIT 1")
                .executeQuery()) {
            return row.next() ? row.getLong(1) : 0;
        }
    }

    public static Optional<StoreIdentity> read(SqliteSession session) throws SQLException {
        try (var row =
                session.prepare("SELECT id, generation FROM store_identity").executeQuery()) {
            return row.next() ? Optional.of(new StoreIdentity(row.getString(1), row.getLong(2))) : Optional.empty();
        }
    }

    public static void write(SqliteSession session, StoreIdentity identity) throws SQLException {
        session.inTransaction(() -> {
            var insert = session.prepare("""
                    INSERT INTO store_identity (number, id, generation) VALUES (1, ?1, ?2)
                    ON CONFLICT DO UPDATE SET id = ?1, generation = ?2""");
            insert.setString(1, identity.id);
            insert.setLong(2, identity.generation);
            insert.executeUpdate();
        });
    }

    public static boolean isAudited(SqliteSession database) throws SQLException {
        try (var row = database.prepare("SELECT audited FROM store_identity").executeQuery()) {
            return row.next() && row.getBoolean(1);
        }
    }

    public static void setAudited(SqliteSession database, boolean audited) throws SQLException {
        database.execute("UPDATE store_identity SET audited = " + (audited ? 1 : 0));
    }

    /** Changes a row that says nothing, to find out whether a change can be committed. */
    public static boolean tryWrite(SqliteSession database) throws SQLException {
        return database.prepare("UPDATE store_identity SET trials = trials + 1").executeUpdate() == 1;
    }
}
