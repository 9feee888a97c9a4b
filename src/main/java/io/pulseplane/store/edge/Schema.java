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
    private static final int APPLICATION_ID = 0x5075506C;

    private static final List<String> STEPS = List.of("""
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
            """);

    static final int VERSION = STEPS.size();

    private Schema() {}

    /** Takes the steps that are missing. Refuses a database that is not ours or that a newer program has written. */
    static void migrate(Session session) throws SQLException {
        int version = pragma(session, "user_version");
        int application = pragma(session, "application_id");
        boolean isNew = version == 0 && application == 0 && isEmpty(session);
        if (!isNew && application != APPLICATION_ID) {
            throw new Problem.Unmet("the database in the data directory was not made by Pulseplane");
        }
        if (version > VERSION) {
            throw new Problem.Unmet("the database in the data directory was written by a newer Pulseplane (schema "
                    + version + ", this one knows " + VERSION + ")");
        }
        for (int step = version; step < VERSION; step++) {
            take(session, step);
        }
    }

    private static void take(Session session, int step) throws SQLException {
        session.execute("BEGIN IMMEDIATE");
        try {
            for (var statement : STEPS.get(step).split(";\\s*\n")) {
                if (!statement.isBlank()) {
                    session.execute(statement);
                }
            }
            session.execute("PRAGMA application_id = " + APPLICATION_ID);
            session.execute("PRAGMA user_version = " + (step + 1));
            session.execute("COMMIT");
        } catch (SQLException e) {
            session.execute("ROLLBACK");
            throw e;
        }
    }

    private static boolean isEmpty(Session session) throws SQLException {
        try (var row = session.prepare("SELECT count(*) FROM sqlite_schema").executeQuery()) {
            return row.next() && row.getInt(1) == 0;
        }
    }

    private static int pragma(Session session, String name) throws SQLException {
        try (var row = session.prepare("PRAGMA " + name).executeQuery()) {
            return row.next() ? row.getInt(1) : 0;
        }
    }
}
