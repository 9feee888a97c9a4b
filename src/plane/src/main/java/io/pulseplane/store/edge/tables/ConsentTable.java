package io.pulseplane.store.edge.tables;

import io.pulseplane.store.Consent;
import io.pulseplane.store.edge.sqlite.SqliteSession;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/** The table {@code consent}. Rows are added, and never changed or deleted. */
public final class ConsentTable {

    private static final String SELECT =
            "SELECT number, granted, from_us, to_us, codes, recorded_by, recorded_us FROM consent ";

    /** Codes are printable text, so none has a line break. */
    private static final String SEPARATOR = "\n";

    private final PatientTable patients;

    public ConsentTable(PatientTable patients) {
        this.patients = patients;
    }

    public Consent put(SqliteSession session, Consent consent, long time) throws SQLException {
        long patient = patients.requireNumber(session, consent.patient());
        var insert = session.prepare("INSERT INTO consent (patient, granted, from_us, to_us, codes, recorded_by,"
                + " recorded_us) VALUES (?, ?, ?, ?, ?, ?, ?)");
        insert.setLong(1, patient);
        insert.setBoolean(2, consent.granted());
        insert.setLong(3, consent.from());
        if (consent.to().isPresent()) {
            insert.setLong(4, consent.to().getAsLong());
        } else {
            insert.setNull(4, Types.INTEGER);
        }
        insert.setString(5, String.join(SEPARATOR, consent.codes()));
        insert.setString(6, consent.recordedBy());
        insert.setLong(7, time);
        insert.executeUpdate();
        return latest(session, consent.patient()).orElseThrow();
    }

    public Optional<Consent> latest(SqliteSession session, String patient) throws SQLException {
        return list(session, patient, Long.MAX_VALUE, 1).stream().findFirst();
    }

    public List<Consent> list(SqliteSession session, String patient, long before, int limit) throws SQLException {
        var number = patients.numberOf(session, patient);
        if (number.isEmpty()) {
            return List.of();
        }
        var select = session.prepare(SELECT + "WHERE patient = ? AND number < ? ORDER BY number DESC LIMIT ?");
        select.setLong(1, number.getAsLong());
        select.setLong(2, before);
        select.setInt(3, limit);
        var consents = new ArrayList<Consent>();
        try (var rows = select.executeQuery()) {
            while (rows.next()) {
                consents.add(consentOf(patient, rows));
            }
        }
        return consents;
    }

    private static Consent consentOf(String patient, ResultSet row) throws SQLException {
        long to = row.getLong(4);
        boolean isOpenEnded = row.wasNull();
        var codes = row.getString(5);
        return new Consent(
                row.getLong(1),
                patient,
                row.getBoolean(2),
                row.getLong(3),
                isOpenEnded ? OptionalLong.empty() : OptionalLong.of(to),
                codes.isEmpty() ? List.of() : List.of(codes.split(SEPARATOR)),
                row.getString(6),
                row.getLong(7));
    }
}
