package io.pulseplane.store.postgres;

import io.pulseplane.store.Consent;
import io.pulseplane.vitals.PlaneException;
import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import java.util.List;
import java.util.Optional;

/** Reads and extends the table {@code consents}. Rows are only added. */
final class ConsentTable {

    private static final String COLUMNS =
            "number, patient_id, granted, valid_from, valid_to, codes, recorded_by, recorded_at";

    // The lock comes before the number: if two planes record a consent at once, the one that commits last has the
    // higher number.
    private static final String PUT = """
            WITH patient AS (SELECT patient_id FROM patients WHERE patient_id = $1 FOR NO KEY UPDATE)
            INSERT INTO consents (patient_id, granted, valid_from, valid_to, codes, recorded_by, recorded_at)
            SELECT patient_id, $2, $3, $4, $5, $6, $7 FROM patient
            RETURNING\s""" + COLUMNS;

    private static final String LIST =
            "SELECT " + COLUMNS + " FROM consents WHERE patient_id = $1 AND number < $2 ORDER BY number DESC LIMIT $3";

    private ConsentTable() {}

    static Future<Consent> put(PostgresSession session, Consent consent, long time) {
        return session.execute(
                        PUT,
                        consent.patient(),
                        consent.granted(),
                        Micros.toTime(consent.from()),
                        Micros.toTime(consent.to()),
                        consent.codes().toArray(String[]::new),
                        consent.recordedBy(),
                        Micros.toTime(time))
                .map(rows -> RowMapping.first(rows, ConsentTable::consentOf)
                        .orElseThrow(() -> new PlaneException.NotFound("this patient is not registered")));
    }

    static Future<Optional<Consent>> latest(PostgresSession session, String patient) {
        return list(session, patient, Long.MAX_VALUE, 1)
                .map(consents -> consents.stream().findFirst());
    }

    static Future<List<Consent>> list(PostgresSession session, String patient, long before, int limit) {
        return session.execute(LIST, patient, before, limit)
                .map(rows -> RowMapping.list(rows, ConsentTable::consentOf));
    }

    private static Consent consentOf(Row row) {
        return new Consent(
                row.getLong(0),
                row.getString(1),
                row.getBoolean(2),
                Micros.of(row.getOffsetDateTime(3)),
                Micros.ofNullable(row.getOffsetDateTime(4)),
                List.of(row.getArrayOfStrings(5)),
                row.getString(6),
                Micros.of(row.getOffsetDateTime(7)));
    }
}
