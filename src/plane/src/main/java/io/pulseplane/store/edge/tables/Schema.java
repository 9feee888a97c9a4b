package io.pulseplane.store.edge.tables;

import io.pulseplane.store.edge.keys.KeyCheckValue;
import io.pulseplane.store.edge.keys.KeyVault;
import io.pulseplane.store.edge.sqlite.SqliteSession;
import io.pulseplane.vitals.PlaneException;
import java.sql.SQLException;
import java.util.List;

/**
 * The tables, and every step that ever led to them. {@code PRAGMA user_version} counts the steps a database has taken;
 * each step is one transaction. Steps are only ever added.
 */
public final class Schema {

    /** "PPln" in ASCII, so that {@code file} and a stranger can tell whose database this is. */
    public static final int APPLICATION_ID = 0x50506C6E;

    /** SQL, and then what SQL cannot do; both in one transaction. */
    public record Step(String sql, Change change) {

        /** What a step does besides its SQL. */
        public interface Change {
            void apply(SqliteSession session, KeyVault vault) throws SQLException;
        }
    }

    public static final List<Step> STEPS = List.of(new Step("""
            -- What identifies a patient is sealed; tags are keyed hashes, by which it is found. All three are gone of a patient
            -- who was erased.
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

            -- A patient has some dozens of series: to find the one among them does not want code and unit on disk twice. That
            -- there is one only is seen to by the one thread that writes.
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

            -- Collected is 1 when the chunks of the patient, which nobody can open, are gone.
            CREATE TABLE erased (
              patient INTEGER PRIMARY KEY REFERENCES patient,
              id_tag BLOB NOT NULL,
              erased_us INTEGER NOT NULL,
              collected INTEGER NOT NULL
            ) STRICT;
            CREATE INDEX erased_by_tag ON erased (id_tag, patient);

            -- Groups of batches as they came, until their readings are in chunks; a sequence of sealed batches.
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

            -- Chunks that could not be opened, out of the way of those that can.
            CREATE TABLE quarantined_chunk (
              number INTEGER PRIMARY KEY,
              series INTEGER NOT NULL,
              first_us INTEGER NOT NULL,
              last_us INTEGER NOT NULL,
              count INTEGER NOT NULL,
              payload BLOB NOT NULL
            ) STRICT;
            CREATE INDEX quarantined_chunk_of_series ON quarantined_chunk (series, first_us);

            -- What was acknowledged, so that a repeated batch is answered as it was the first time. Sequences are unsigned,
            -- and first is offset by 2^63, so that it sorts as they do.
            CREATE TABLE receipt (
              device INTEGER NOT NULL,
              first INTEGER NOT NULL,
              count INTEGER NOT NULL,
              payload BLOB NOT NULL
            ) STRICT;
            CREATE UNIQUE INDEX receipt_of_device ON receipt (device, first);

            -- Tells whether the keys are those of this database.
            CREATE TABLE key_check (
              number INTEGER PRIMARY KEY CHECK (number = 1),
              payload BLOB NOT NULL
            ) STRICT;
            """, KeyCheckValue::write));

    public static final int VERSION = STEPS.size();

    private Schema() {}

    /**
     * Takes the steps that are missing. Refuses a database that is not ours, that a newer program has written, or that was
     * sealed with other keys.
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
                            + ", this one knows " + steps.size() + ")");
        }
        if (version < steps.size()) {
            // A table that others refer to may be replaced by another of its name.
            session.execute("PRAGMA foreign_keys = OFF");
            for (int step = (int) version; step < steps.size(); step++) {
                applyStep(session, vault, steps.get(step), step + 1);
            }
            session.execute("PRAGMA foreign_keys = ON");
        }
        if (!KeyCheckValue.matches(session, vault)) {
            throw new PlaneException.FailedPrecondition(
                    "the keys in the data directory are not those that its database was sealed with");
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
