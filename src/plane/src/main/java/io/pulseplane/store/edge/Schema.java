package io.pulseplane.store.edge;

import io.pulseplane.vitals.Problem;
import java.sql.SQLException;
import java.util.List;

/**
 * The tables, and every step that ever led to them. {@code PRAGMA user_version} counts the steps a database has taken;
 * each step is one transaction. Steps are only ever added.
 */
final class Schema {

    /** "PuPl" in ASCII, so that {@code file} and a stranger can tell whose database this is. */
    static final int APPLICATION_ID = 0x5075506C;

    static final List<String> STEPS = List.of("""
            CREATE TABLE patient (
              number INTEGER PRIMARY KEY,
              patient_id TEXT NOT NULL UNIQUE,
              mrn TEXT UNIQUE,
              given_name TEXT NOT NULL,
              family_name TEXT NOT NULL,
              date_of_birth TEXT,
              gender TEXT CHECK (gender IN ('MALE', 'FEMALE', 'OTHER')),
              phone TEXT NOT NULL,
              email TEXT NOT NULL,
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

            CREATE TABLE series (
              number INTEGER PRIMARY KEY,
              patient INTEGER NOT NULL REFERENCES patient,
              device INTEGER NOT NULL REFERENCES device,
              code TEXT NOT NULL,
              unit TEXT NOT NULL,
              UNIQUE (patient, device, code, unit)
            ) STRICT;
            CREATE INDEX series_of_device ON series (device);

            -- ANY keeps a double bit for bit; REAL would turn -0.0 into 0.
            CREATE TABLE reading (
              series INTEGER NOT NULL,
              time_us INTEGER NOT NULL,
              value ANY NOT NULL,
              PRIMARY KEY (series, time_us)
            ) STRICT, WITHOUT ROWID;

            -- What was acknowledged, so that a repeated batch is answered as it was the first time.
            CREATE TABLE batch (
              device INTEGER NOT NULL,
              sequence INTEGER NOT NULL,
              digest INTEGER NOT NULL,
              accepted INTEGER NOT NULL,
              duplicates INTEGER NOT NULL,
              rejections BLOB NOT NULL,
              PRIMARY KEY (device, sequence)
            ) STRICT, WITHOUT ROWID;
            """, """
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
            """, """
            -- What identifies a patient is sealed; tags are keyed hashes, by which it is found. All three are gone of a patient
            -- who was erased.
            CREATE TABLE patient_sealed (
              number INTEGER PRIMARY KEY,
              id_tag BLOB UNIQUE,
              mrn_tag BLOB UNIQUE,
              details BLOB,
              provisional INTEGER NOT NULL,
              created_us INTEGER NOT NULL,
              updated_us INTEGER NOT NULL
            ) STRICT;

            CREATE TABLE erased (
              patient INTEGER PRIMARY KEY REFERENCES patient,
              id_tag BLOB NOT NULL,
              erased_us INTEGER NOT NULL,
              swept INTEGER NOT NULL
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
            CREATE TABLE damaged (
              number INTEGER PRIMARY KEY,
              series INTEGER NOT NULL,
              first_us INTEGER NOT NULL,
              last_us INTEGER NOT NULL,
              count INTEGER NOT NULL,
              payload BLOB NOT NULL
            ) STRICT;
            CREATE INDEX damaged_of_series ON damaged (series, first_us);

            -- What was acknowledged, so that a repeated batch is answered as it was the first time. Sequences are unsigned,
            -- and first is offset by 2^63, so that it sorts as they do.
            CREATE TABLE receipt (
              device INTEGER NOT NULL,
              first INTEGER NOT NULL,
              count INTEGER NOT NULL,
              payload BLOB NOT NULL,
              PRIMARY KEY (device, first)
            ) STRICT, WITHOUT ROWID;

            -- Tells whether the keys are those of this database.
            CREATE TABLE seal (
              number INTEGER PRIMARY KEY CHECK (number = 1),
              payload BLOB NOT NULL
            ) STRICT;
            """, """
            -- A patient has some dozens of series: to find the one among them does not want code and unit on disk twice. That
            -- there is one only is seen to by the one thread that writes.
            CREATE TABLE series_less_indexed (
              number INTEGER PRIMARY KEY,
              patient INTEGER NOT NULL REFERENCES patient,
              device INTEGER NOT NULL REFERENCES device,
              code TEXT NOT NULL,
              unit TEXT NOT NULL
            ) STRICT;
            INSERT INTO series_less_indexed SELECT number, patient, device, code, unit FROM series;
            DROP TABLE series;
            ALTER TABLE series_less_indexed RENAME TO series;
            CREATE INDEX series_of_patient ON series (patient);
            CREATE INDEX series_of_device ON series (device);
            """);

    /** From here on patients are sealed. */
    private static final int SEALING = 3;

    /** From here on pages are small, unless the database was there before. */
    private static final int SMALL_PAGES = 4;

    /**
     * Of a row in an index, which a table without a rowid is, a quarter of a page stays on its page, and the rest gets a page of
     * its own: too much of 1 KiB for some hundred bytes. Where there are receipts already, they stay as they are, for
     * there may be many, and little room; whoever reads and writes them does not see a difference.
     */
    private static final String RECEIPTS_WITH_ROWID = """
            DROP TABLE receipt;
            CREATE TABLE receipt (
              device INTEGER NOT NULL,
              first INTEGER NOT NULL,
              count INTEGER NOT NULL,
              payload BLOB NOT NULL
            ) STRICT;
            CREATE UNIQUE INDEX receipt_of_device ON receipt (device, first);
            """;

    static final int VERSION = STEPS.size();

    private Schema() {}

    /**
     * Takes the steps that are missing. Refuses a database that is not ours, that a newer program has written, or that was
     * sealed with other keys.
     */
    static void migrate(Session session, KeyVault vault) throws SQLException {
        long version = session.pragma("user_version");
        long application = session.pragma("application_id");
        boolean isNew = version == 0 && application == 0 && isEmpty(session, "sqlite_schema");
        if (!isNew && application != APPLICATION_ID) {
            throw new Problem.Unmet("the database in the data directory was not made by Pulseplane");
        }
        if (version > VERSION) {
            throw new Problem.Unmet("the database in the data directory was written by a newer Pulseplane (schema "
                    + version + ", this one knows " + VERSION + ")");
        }
        if (version < VERSION) {
            // A table that others refer to is replaced by another of its name.
            session.execute("PRAGMA foreign_keys = OFF");
            session.execute("PRAGMA secure_delete = ON");
            for (int step = (int) version; step < VERSION; step++) {
                take(session, step, vault);
            }
            session.execute("PRAGMA secure_delete = OFF");
            session.execute("PRAGMA foreign_keys = ON");
            // What was readable a moment ago is still in the log.
            session.execute("PRAGMA wal_checkpoint(TRUNCATE)");
        }
        if (!SealCheck.holds(session, vault)) {
            throw new Problem.Unmet("the keys in the data directory are not those that its database was sealed with");
        }
    }

    private static void take(Session session, int step, KeyVault vault) throws SQLException {
        session.inTransaction(() -> {
            executeAll(session, STEPS.get(step));
            if (step + 1 == SEALING) {
                new Sealing(vault).seal(session);
            }
            if (step + 1 == SMALL_PAGES && isEmpty(session, "receipt")) {
                executeAll(session, RECEIPTS_WITH_ROWID);
            }
            session.execute("PRAGMA application_id = " + APPLICATION_ID);
            session.execute("PRAGMA user_version = " + (step + 1));
        });
    }

    private static void executeAll(Session session, String statements) throws SQLException {
        for (var statement : statements.split(";\\s*\n")) {
            if (!statement.isBlank()) {
                session.execute(statement);
            }
        }
    }

    private static boolean isEmpty(Session session, String table) throws SQLException {
        try (var row = session.prepare("SELECT NOT EXISTS (SELECT 1 FROM " + table + ")")
                .executeQuery()) {
            return row.next() && row.getBoolean(1);
        }
    }
}
