package io.pulseplane.store.edge;

import io.pulseplane.store.Patient;
import io.pulseplane.store.Registry.Stored;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The rows of the table {@code patient}. */
final class PatientRows {

    private static final String COLUMNS =
            "patient_id, mrn, given_name, family_name, date_of_birth, gender, phone, email,"
                    + " provisional, created_us, updated_us";
    private static final String SELECT = "SELECT " + COLUMNS + " FROM patient ";
    private static final String INSERT =
            "INSERT INTO patient (" + COLUMNS + ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING number";

    private PatientRows() {}

    static Stored<Patient> put(Session session, Patient patient, long time) throws SQLException {
        if (patient.mrn().isPresent()) {
            Rows.refuseIfTaken(session, "patient", "mrn", patient.mrn().get(), patient.id());
        }
        var update = session.prepare("""
                UPDATE patient SET patient_id = ?, mrn = ?, given_name = ?, family_name = ?, date_of_birth = ?,
                  gender = ?, phone = ?, email = ?, provisional = ?, updated_us = ? WHERE patient_id = ?""");
        int next = setDetails(update, patient);
        update.setBoolean(next++, false);
        update.setLong(next++, time);
        update.setString(next, patient.id());
        boolean created = update.executeUpdate() == 0;
        if (created) {
            insert(session, completed(patient, time));
        }
        return new Stored<>(byId(session, patient.id()).orElseThrow(), created);
    }

    private static Patient completed(Patient patient, long time) {
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
                time,
                time);
    }

    /** Sets the parameters both statements start with; the next one to set is returned. */
    private static int setDetails(PreparedStatement statement, Patient patient) throws SQLException {
        statement.setString(1, patient.id());
        statement.setString(2, patient.mrn().orElse(null));
        statement.setString(3, patient.givenName());
        statement.setString(4, patient.familyName());
        statement.setString(5, patient.dateOfBirth().map(LocalDate::toString).orElse(null));
        statement.setString(6, patient.gender().map(Enum::name).orElse(null));
        statement.setString(7, patient.phone());
        statement.setString(8, patient.email());
        return 9;
    }

    /** The number of the new row. */
    static long insert(Session session, Patient patient) throws SQLException {
        var insert = session.prepare(INSERT);
        int next = setDetails(insert, patient);
        insert.setBoolean(next++, patient.provisional());
        insert.setLong(next++, patient.created());
        insert.setLong(next, patient.updated());
        return Rows.number(insert);
    }

    static Optional<Patient> byId(Session session, String id) throws SQLException {
        return find(session, "WHERE patient_id = ?", id);
    }

    static Optional<Patient> byMrn(Session session, String mrn) throws SQLException {
        return find(session, "WHERE mrn = ?", mrn);
    }

    private static Optional<Patient> find(Session session, String where, String key) throws SQLException {
        var select = session.prepare(SELECT + where);
        select.setString(1, key);
        try (var row = select.executeQuery()) {
            return row.next() ? Optional.of(patientOf(row)) : Optional.empty();
        }
    }

    static List<Patient> after(Session session, String id, int limit) throws SQLException {
        var select = session.prepare(SELECT + "WHERE patient_id > ? ORDER BY patient_id LIMIT ?");
        select.setString(1, id);
        select.setInt(2, limit);
        var patients = new ArrayList<Patient>();
        try (var rows = select.executeQuery()) {
            while (rows.next()) {
                patients.add(patientOf(rows));
            }
        }
        return patients;
    }

    private static Patient patientOf(ResultSet row) throws SQLException {
        return new Patient(
                row.getString(1),
                Optional.ofNullable(row.getString(2)),
                row.getString(3),
                row.getString(4),
                Optional.ofNullable(row.getString(5)).map(LocalDate::parse),
                Optional.ofNullable(row.getString(6)).map(Patient.Gender::valueOf),
                row.getString(7),
                row.getString(8),
                row.getBoolean(9),
                row.getLong(10),
                row.getLong(11));
    }
}
