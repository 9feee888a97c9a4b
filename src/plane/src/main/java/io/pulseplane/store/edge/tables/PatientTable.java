package io.pulseplane.store.edge.tables;

import io.pulseplane.store.Patient;
import io.pulseplane.store.Registry.PutResult;
import io.pulseplane.store.edge.keys.KeyVault;
import io.pulseplane.store.edge.keys.PatientCodec;
import io.pulseplane.store.edge.sqlite.SqliteSession;
import io.pulseplane.store.edge.tables.ErasureTable.Erasure;
import io.pulseplane.vitals.PlaneException;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.PriorityQueue;

/**
 * The table {@code patient}. A row has the number by which other tables refer to the patient, tags of id and MRN to
 * find the row by, and everything else sealed under the patient's key.
 */
public final class PatientTable {

    /** The kind of the tag of an id, see {@link KeyVault#tag}. */
    public static final String ID_TAG_KIND = "patient_id";

    public static final String MRN_TAG_KIND = "mrn";

    private static final String SELECT = "SELECT number, details, provisional, created_us, updated_us FROM patient ";

    private final KeyVault vault;

    public PatientTable(KeyVault vault) {
        this.vault = vault;
    }

    /**
     * Inserts or updates a patient.
     *
     * @throws PlaneException.AlreadyExists if another patient has the MRN
     */
    public PutResult<Patient> put(SqliteSession session, Patient patient, long time) throws SQLException {
        var number = numberOf(session, patient.id());
        var mrnTag = patient.mrn().map(mrn -> vault.tag(MRN_TAG_KIND, mrn));
        if (mrnTag.isPresent()) {
            refuseIfMrnTaken(session, mrnTag.get(), number);
        }
        if (number.isEmpty()) {
            insert(session, withTimestamps(patient, time, time));
        } else {
            update(session, number.getAsLong(), withTimestamps(patient, createdAt(session, number.getAsLong()), time));
        }
        return new PutResult<>(byId(session, patient.id()).orElseThrow(), number.isEmpty());
    }

    private static void refuseIfMrnTaken(SqliteSession session, byte[] mrnTag, OptionalLong number)
            throws SQLException {
        var select = session.prepare("SELECT 1 FROM patient WHERE mrn_tag = ? AND number <> ?");
        select.setBytes(1, mrnTag);
        select.setLong(2, number.orElse(0));
        try (var row = select.executeQuery()) {
            if (row.next()) {
                throw new PlaneException.AlreadyExists("another patient has this mrn");
            }
        }
    }

    private static long createdAt(SqliteSession session, long number) throws SQLException {
        var select = session.prepare("SELECT created_us FROM patient WHERE number = ?");
        select.setLong(1, number);
        try (var row = select.executeQuery()) {
            row.next();
            return row.getLong(1);
        }
    }

    private static Patient withTimestamps(Patient patient, long created, long updated) {
        return new Patient(
                patient.id(),
                patient.mrn(),
                patient.givenName(),
                patient.familyName(),
                patient.dateOfBirth(),
                patient.gender(),
                patient.phone(),
                patient.email(),
                false,
                created,
                updated);
    }

    private void update(SqliteSession session, long number, Patient patient) throws SQLException {
        var update = session.prepare(
                "UPDATE patient SET mrn_tag = ?, details = ?, provisional = ?, updated_us = ? WHERE number = ?");
        update.setBytes(
                1, patient.mrn().map(mrn -> vault.tag(MRN_TAG_KIND, mrn)).orElse(null));
        update.setBytes(2, PatientCodec.seal(session, vault, number, patient));
        update.setBoolean(3, patient.provisional());
        update.setLong(4, patient.updatedAt());
        update.setLong(5, number);
        update.executeUpdate();
    }

    /** The number of the new row. */
    public long insert(SqliteSession session, Patient patient) throws SQLException {
        long number = nextNumber(session);
        vault.ensureKey(number);
        var insert = session.prepare("INSERT INTO patient VALUES (?, ?, ?, ?, ?, ?, ?)");
        insert.setLong(1, number);
        insert.setBytes(2, vault.tag(ID_TAG_KIND, patient.id()));
        insert.setBytes(
                3, patient.mrn().map(mrn -> vault.tag(MRN_TAG_KIND, mrn)).orElse(null));
        insert.setBytes(4, PatientCodec.seal(session, vault, number, patient));
        insert.setBoolean(5, patient.provisional());
        insert.setLong(6, patient.createdAt());
        insert.setLong(7, patient.updatedAt());
        insert.executeUpdate();
        return number;
    }

    private static long nextNumber(SqliteSession session) throws SQLException {
        try (var row = session.prepare("SELECT coalesce(max(number), 0) + 1 FROM patient")
                .executeQuery()) {
            row.next();
            return row.getLong(1);
        }
    }

    public OptionalLong numberOf(SqliteSession session, String id) throws SQLException {
        var select = session.prepare("SELECT number FROM patient WHERE id_tag = ?");
        select.setBytes(1, vault.tag(ID_TAG_KIND, id));
        try (var row = select.executeQuery()) {
            return row.next() ? OptionalLong.of(row.getLong(1)) : OptionalLong.empty();
        }
    }

    long requireNumber(SqliteSession session, String id) throws SQLException {
        return numberOf(session, id).orElseThrow(() -> new PlaneException.NotFound("this patient is not registered"));
    }

    /** The id of the patient with this number; empty if that patient was erased. */
    public Optional<String> idOf(SqliteSession session, long number) throws SQLException {
        var select = session.prepare(SELECT + "WHERE number = ?");
        select.setLong(1, number);
        return readOne(session, select.executeQuery()).map(Patient::id);
    }

    public Optional<Patient> byId(SqliteSession session, String id) throws SQLException {
        return byTag(session, "WHERE id_tag = ?", vault.tag(ID_TAG_KIND, id));
    }

    public Optional<Patient> byMrn(SqliteSession session, String mrn) throws SQLException {
        return byTag(session, "WHERE mrn_tag = ?", vault.tag(MRN_TAG_KIND, mrn));
    }

    /** The patient with this tag of the id. */
    public Optional<Patient> byIdTag(SqliteSession session, byte[] tag) throws SQLException {
        return byTag(session, "WHERE id_tag = ?", tag);
    }

    private Optional<Patient> byTag(SqliteSession session, String condition, byte[] tag) throws SQLException {
        var select = session.prepare(SELECT + condition);
        select.setBytes(1, tag);
        return readOne(session, select.executeQuery());
    }

    private Optional<Patient> readOne(SqliteSession session, ResultSet rows) throws SQLException {
        try (rows) {
            return rows.next() ? patientOf(session, rows) : Optional.empty();
        }
    }

    /**
     * Lists patients in the order of their ids. Ids are sealed, so no index has them in order: this opens every
     * patient, and keeps the first few after the given id. It takes some microseconds a patient, and memory for {@code
     * limit} patients.
     */
    public List<Patient> listAfter(SqliteSession session, String id, int limit) throws SQLException {
        var byId = Comparator.comparing(Patient::id, IdOrder.BY_CODE_POINT);
        var firstPatients = new PriorityQueue<Patient>(byId.reversed());
        try (var rows = session.prepare(SELECT + "WHERE id_tag IS NOT NULL").executeQuery()) {
            while (rows.next()) {
                patientOf(session, rows)
                        .filter(patient -> IdOrder.BY_CODE_POINT.compare(patient.id(), id) > 0)
                        .ifPresent(firstPatients::add);
                if (firstPatients.size() > limit) {
                    firstPatients.poll();
                }
            }
        }
        var patients = new ArrayList<>(firstPatients);
        patients.sort(byId);
        return patients;
    }

    private Optional<Patient> patientOf(SqliteSession session, ResultSet row) throws SQLException {
        var details = row.getBytes(2);
        return details == null
                ? Optional.empty()
                : PatientCodec.open(
                        session, vault, row.getLong(1), details, row.getBoolean(3), row.getLong(4), row.getLong(5));
    }

    /** The latest erasure of a patient who had this id. */
    public Optional<Erasure> latestErasure(SqliteSession session, String id) throws SQLException {
        return ErasureTable.latest(session, vault.tag(ID_TAG_KIND, id));
    }

    /**
     * Erases a patient from the tables: removes everything that identifies the patient, and the assignments. The number
     * stays, so that consents remain a history. Readings stay, too; the caller destroys the patient's key after the
     * commit, and then nobody can open them.
     */
    public static Erasure erase(SqliteSession session, Erasure erasure) throws SQLException {
        ErasureTable.insert(session, erasure);
        var update =
                session.prepare("UPDATE patient SET id_tag = NULL, mrn_tag = NULL, details = NULL WHERE number = ?");
        update.setLong(1, erasure.patient());
        update.executeUpdate();
        AssignmentTable.deleteOfPatient(session, erasure.patient());
        return erasure;
    }

    /** Takes a number whose key is destroyed, if it is free, so that no new patient gets it. */
    public static void insertErasedPlaceholder(SqliteSession session, long number, long time) throws SQLException {
        var insert = session.prepare("INSERT OR IGNORE INTO patient VALUES (?, NULL, NULL, NULL, 0, ?, ?)");
        insert.setLong(1, number);
        insert.setLong(2, time);
        insert.setLong(3, time);
        insert.executeUpdate();
    }

    /** Whether there is or was a patient with this number. */
    public static boolean exists(SqliteSession session, long number) throws SQLException {
        var select = session.prepare("SELECT 1 FROM patient WHERE number = ?");
        select.setLong(1, number);
        try (var row = select.executeQuery()) {
            return row.next();
        }
    }
}
