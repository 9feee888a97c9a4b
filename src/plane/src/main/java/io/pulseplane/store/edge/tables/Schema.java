package io.pulseplane.store.edge.tables;

import io.pulseplane.store.edge.keys.KeyCheckValue;
import io.pulseplane.store.edge.keys.KeyVault;
import io.pulseplane.store.edge.keys.StoreIdentity;
import io.pulseplane.store.edge.sqlite.SqliteSession;
import io.pulseplane.vitals.PlaneException;
import java.sql.SQLException;
import java.util.List;

/**
 * The schema of the database, and the steps that lead to it. Each step is one transaction, and {@code PRAGMA
 * user_version} counts the steps that a database has taken. New versions add steps, and never change those that exist.
 */
public final class Schema {

    /** "PPln" in ASCII. It marks the file as a database of Pulseplane. */
    public static final int APPLICATION_ID = 0x50506C6E;

    /** A step: SQL statements, each ended by a semicolon at the end of a line, and then a change in Java. */
    public record Step(String sql, Change change) {

        /** What a step does that SQL cannot. */
        public interface Change {
            void apply(SqliteSession session, KeyVault vault) throws SQLException;
        }
    }

    public static final List<Step> STEPS = List.of(
            new Step("""
            -- Details are sealed under the patient's key. Tags are keyed hashes, by which a patient is found.
            -- Of an erased patient, all three are NULL.
            CREATE TABLE patient (
              number INTEGER PRIMARY KEY,
              id_tag BLOB UNIQUE,
              mrn_tag BLOB UNIQUE,
              details BLOB,
              provisional INTEGER NOT NULL,
              created_us INTEGER NOT NULL,
              updated_us INTEGER NOT NULL
            ) STRICT;

            CREATE TABLE device (
              number INTEGER PRIMARY KEY,
              device_id TEXT NOT NULL UNIQUE,
              serial_number TEXT UNIQUE,
              device_type TEXT NOT NULL,
              manufacturer TEXT NOT NULL,
              model TEXT NOT NULL,
              firmware_version TEXT NOT NULL,
              status TEXT NOT NULL CHECK (status IN ('ACTIVE', 'INACTIVE', 'MAINTENANCE', 'RETIRED')),
              last_seen_us INTEGER NOT NULL,
              last_sequence INTEGER NOT NULL,
              provisional INTEGER NOT NULL,
              created_us INTEGER NOT NULL,
              updated_us INTEGER NOT NULL
            ) STRICT;

            CREATE TABLE assignment (
              number INTEGER PRIMARY KEY AUTOINCREMENT,
              device INTEGER NOT NULL REFERENCES device,
              patient INTEGER NOT NULL REFERENCES patient,
              from_us INTEGER NOT NULL,
              to_us INTEGER CHECK (to_us >= from_us),
              provisional INTEGER NOT NULL
            ) STRICT;
            CREATE INDEX assignment_of_device ON assignment (device);
            CREATE INDEX assignment_of_patient ON assignment (patient);
            CREATE UNIQUE INDEX assignment_that_lasts ON assignment (device) WHERE to_us IS NULL;

            -- A patient has some dozens of series, so an index by patient is enough to find one, and code and unit
            -- need not be on disk twice. There is no unique index: the thread that writes never inserts a series twice.
            CREATE TABLE series (
              number INTEGER PRIMARY KEY,
              patient INTEGER NOT NULL REFERENCES patient,
              device INTEGER NOT NULL REFERENCES device,
              code TEXT NOT NULL,
              unit TEXT NOT NULL
            ) STRICT;
            CREATE INDEX series_of_patient ON series (patient);
            CREATE INDEX series_of_device ON series (device);

            CREATE TABLE consent (
              number INTEGER PRIMARY KEY AUTOINCREMENT,
              patient INTEGER NOT NULL REFERENCES patient,
              granted INTEGER NOT NULL,
              from_us INTEGER NOT NULL,
              to_us INTEGER,
              codes TEXT NOT NULL,
              recorded_by TEXT NOT NULL,
              recorded_us INTEGER NOT NULL
            ) STRICT;
            CREATE INDEX consent_of_patient ON consent (patient, number);

            -- Collected is 1 when the chunks of the patient, which nobody can open, are deleted.
            CREATE TABLE erased (
              patient INTEGER PRIMARY KEY REFERENCES patient,
              id_tag BLOB NOT NULL,
              erased_us INTEGER NOT NULL,
              collected INTEGER NOT NULL
            ) STRICT;
            CREATE INDEX erased_by_tag ON erased (id_tag, patient);

            -- Groups of batches, each batch sealed, until their readings are in chunks.
            CREATE TABLE journal (
              number INTEGER PRIMARY KEY AUTOINCREMENT,
              payload BLOB NOT NULL
            ) STRICT;

            -- Readings of one series, sealed. Chunks of a series do not overlap.
            CREATE TABLE chunk (
              number INTEGER PRIMARY KEY,
              series INTEGER NOT NULL,
              first_us INTEGER NOT NULL,
              last_us INTEGER NOT NULL,
              count INTEGER NOT NULL,
              payload BLOB NOT NULL
            ) STRICT;
            CREATE UNIQUE INDEX chunk_of_series ON chunk (series, first_us);
            CREATE INDEX chunk_by_age ON chunk (last_us);

            -- Chunks that could not be opened.
            CREATE TABLE quarantined_chunk (
              number INTEGER PRIMARY KEY,
              series INTEGER NOT NULL,
              first_us INTEGER NOT NULL,
              last_us INTEGER NOT NULL,
              count INTEGER NOT NULL,
              payload BLOB NOT NULL
            ) STRICT;
            CREATE INDEX quarantined_chunk_of_series ON quarantined_chunk (series, first_us);

            -- Receipts of acknowledged batches, so that a repeated batch gets the same answer again. Sequences are
            -- unsigned. First is offset by 2^63, so that it sorts in the same order.
            CREATE TABLE receipt (
              device INTEGER NOT NULL,
              first INTEGER NOT NULL,
              count INTEGER NOT NULL,
              payload BLOB NOT NULL
            ) STRICT;
            CREATE UNIQUE INDEX receipt_of_device ON receipt (device, first);

            -- A sealed value, which only the keys of this database open.
            CREATE TABLE key_check (
              number INTEGER PRIMARY KEY CHECK (number = 1),
              payload BLOB NOT NULL
            ) STRICT;
            """, KeyCheckValue::write),
            new Step(StoreIdentity.CREATE_TABLE, (_, _) -> {}),
            new Step("""
            -- Earlier versions left receipts of erased patients as they were. The garbage collector forgets them.
            UPDATE erased SET collected = 0;
            """, (_, _) -> {}),
            new Step(LostBatchTable.CREATE_TABLE, (_, _) -> {}));

    public static final int VERSION = STEPS.size();

    private Schema() {}

    /**
     * Takes the steps that the database has not taken yet.
     *
     * @throws PlaneException.FailedPrecondition if the database is another program's, was written by a newer version,
     *     or was sealed under other keys
     */
    public static void migrate(SqliteSession session, KeyVault vault) throws SQLException {
        migrate(session, vault, STEPS);
    }

    public static void migrate(SqliteSession session, KeyVault vault, List<Step> steps) throws SQLException {
        long version = session.pragma("user_version");
        long application = session.pragma("application_id");
        boolean isNew = version == 0 && application == 0 && isEmpty(session);
        if (!isNew && application != APPLICATION_ID) {
            throw new PlaneException.FailedPrecondition(
                    "pulseplane.db in the data directory is not a database of this program's format");
        }
        if (version > steps.size()) {
            throw new PlaneException.FailedPrecondition(
                    "the database in the data directory was written by a newer Pulseplane (schema " + version
                            + ", this version knows " + steps.size() + ")");
        }
        if (version < steps.size()) {
            // So that a step may replace a table that others refer to.
            session.execute("PRAGMA foreign_keys = OFF");
            for (int step = (int) version; step < steps.size(); step++) {
                applyStep(session, vault, steps.get(step), step + 1);
            }
            session.execute("PRAGMA foreign_keys = ON");
        }
        if (!KeyCheckValue.matches(session, vault)) {
            throw new PlaneException.FailedPrecondition(
                    "the keys in the data directory are not those that its database was sealed under");
        }
    }

    private static void applyStep(SqliteSession session, KeyVault vault, Step step, int version) throws SQLException {
        session.inTransaction(() -> {
            executeAll(session, step.sql);
            step.change.apply(session, vault);
            session.execute("PRAGMA application_id = " + APPLICATION_ID);
            session.execute("PRAGMA user_version = " + version);
        });
    }

    private static void executeAll(SqliteSession session, String statements) throws SQLException {
        for (var statement : statements.split(";\\s*\n")) {
            if (!statement.isBlank()) {
                session.execute(statement);
            }
        }
    }

    private static boolean isEmpty(SqliteSession session) throws SQLException {
        try (var row = session.prepare("SELECT NOT EXISTS (SELECT 1 FROM sqlite_schema)")
                .executeQuery()) {
            return row.next() && row.getBoolean(1);
        }
    }
}
