package io.pulseplane.store.edge;

import io.pulseplane.store.Patient;
import java.sql.SQLException;
import java.time.LocalDate;
import java.util.Optional;

/** The step from patients in rows that anybody can read to rows that are sealed. */
final class Sealing {

    private final KeyVault vault;

    Sealing(KeyVault vault) {
        this.vault = vault;
    }

    void seal(Session session) throws SQLException {
        SealCheck.write(session, vault);
        var insert = session.prepare("INSERT INTO patient_sealed VALUES (?, ?, ?, ?, ?, ?, ?)");
        try (var rows = session.prepare(
                        "SELECT number, patient_id, mrn, given_name, family_name, date_of_birth, gender, phone,"
                                + " email, provisional, created_us, updated_us FROM patient")
                .executeQuery()) {
            while (rows.next()) {
                long number = rows.getLong(1);
                var patient = new Patient(
                        rows.getString(2),
                        Optional.ofNullable(rows.getString(3)),
                        rows.getString(4),
                        rows.getString(5),
                        Optional.ofNullable(rows.getString(6)).map(LocalDate::parse),
                        Optional.ofNullable(rows.getString(7)).map(Patient.Gender::valueOf),
                        rows.getString(8),
                        rows.getString(9),
                        rows.getBoolean(10),
                        rows.getLong(11),
                        rows.getLong(12));
                vault.ensure(number);
                insert.setLong(1, number);
                insert.setBytes(2, vault.tag(PatientRows.ID, patient.id()));
                insert.setBytes(
                        3,
                        patient.mrn()
                                .map(mrn -> vault.tag(PatientRows.MRN, mrn))
                                .orElse(null));
                insert.setBytes(4, PatientDetails.seal(session, vault, number, patient));
                insert.setBoolean(5, patient.provisional());
                insert.setLong(6, patient.created());
                insert.setLong(7, patient.updated());
                insert.executeUpdate();
            }
        }
        session.forgetStatements();
        session.execute("DROP TABLE patient");
        session.execute("ALTER TABLE patient_sealed RENAME TO patient");
        if (!RowsBefore.hasAny(session)) {
            RowsBefore.drop(session);
        }
    }
}
