package io.pulseplane.store.postgres;

import io.pulseplane.store.Patient;
import io.pulseplane.store.Registry.PutResult;
import io.pulseplane.store.postgres.BatchTable.ReceiptKey;
import io.pulseplane.vitals.PlaneException;
import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Reads and writes the table {@code patients}. */
final class PatientTable {

    private static final String COLUMNS = "patient_id, mrn, given_name, family_name, date_of_birth, gender, phone,"
            + " email, provisional, created_at, updated_at";
    private static final String SELECT = "SELECT " + COLUMNS + " FROM patients ";
    private static final String BY_ID = SELECT + "WHERE patient_id = $1";
    private static final String BY_MRN = SELECT + "WHERE mrn = $1";
    private static final String LIST_AFTER = SELECT + "WHERE patient_id > $1 ORDER BY patient_id LIMIT $2";
    private static final String EXISTS = "SELECT 1 FROM patients WHERE patient_id = $1";

    // xmax is 0 for an inserted row. An existing row was locked, which sets its xmax.
    private static final String PUT = "INSERT INTO patients (" + COLUMNS + """
            ) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, false, $9, $9)
            ON CONFLICT (patient_id) DO UPDATE SET mrn = excluded.mrn, given_name = excluded.given_name,
              family_name = excluded.family_name, date_of_birth = excluded.date_of_birth, gender = excluded.gender,
              phone = excluded.phone, email = excluded.email, provisional = false, updated_at = excluded.updated_at
            RETURNING\s""" + COLUMNS + ", xmax = 0";

    private static final String REGISTER = """
            INSERT INTO patients (patient_id, provisional, created_at, updated_at)
            SELECT id, true, $2, $2 FROM unnest($1::text[]) AS id ORDER BY id
            ON CONFLICT DO NOTHING""";

    private static final String LOCK_EXISTING =
            "SELECT patient_id, receipt_key FROM patients WHERE patient_id = ANY ($1::text[]) ORDER BY patient_id"
                    + " FOR KEY SHARE";

    private static final String UNIQUE_MRN = "patients_mrn";

    private PatientTable() {}

    static Future<PutResult<Patient>> put(PostgresSession session, Patient patient, long time) {
        return session.execute(
                        PUT,
                        patient.id(),
                        patient.mrn().orElse(null),
                        patient.givenName(),
                        patient.familyName(),
                        patient.dateOfBirth().orElse(null),
                        patient.gender().map(RowMapping::enumText).orElse(null),
                        patient.phone(),
                        patient.email(),
                        Micros.toTime(time))
                .map(rows -> rows.iterator().next())
                .map(row -> new PutResult<>(patientOf(row), row.getBoolean(11)))
                .recover(failure -> Future.failedFuture(
                        PostgresErrors.violates(failure, UNIQUE_MRN)
                                ? new PlaneException.AlreadyExists("another patient has this mrn")
                                : failure));
    }

    /** Registers the patients that are not registered, with the id alone. */
    static Future<?> register(PostgresSession session, Collection<String> ids, long time) {
        return session.execute(REGISTER, ids.toArray(String[]::new), Micros.toTime(time));
    }

    /**
     * The registered ones among the ids, with the keys of their receipts. They are locked against deletion until the
     * transaction ends.
     */
    static Future<Map<String, ReceiptKey>> lockExisting(PostgresSession session, Collection<String> ids) {
        return session.execute(LOCK_EXISTING, (Object) ids.toArray(String[]::new))
                .map(rows -> {
                    var keys = HashMap.<String, ReceiptKey>newHashMap(rows.size());
                    rows.forEach(row -> keys.put(
                            row.getString(0), new ReceiptKey(row.getBuffer(1).getBytes())));
                    return keys;
                });
    }

    static Future<Boolean> exists(PostgresSession session, String id) {
        return session.execute(EXISTS, id).map(rows -> rows.size() == 1);
    }

    static Future<Optional<Patient>> byId(PostgresSession session, String id) {
        return session.execute(BY_ID, id).map(rows -> RowMapping.first(rows, PatientTable::patientOf));
    }

    static Future<Optional<Patient>> byMrn(PostgresSession session, String mrn) {
        return session.execute(BY_MRN, mrn).map(rows -> RowMapping.first(rows, PatientTable::patientOf));
    }

    static Future<List<Patient>> listAfter(PostgresSession session, String id, int limit) {
        return session.execute(LIST_AFTER, id, limit).map(rows -> RowMapping.list(rows, PatientTable::patientOf));
    }

    private static Patient patientOf(Row row) {
        return new Patient(
                row.getString(0),
                Optional.ofNullable(row.getString(1)),
                row.getString(2),
                row.getString(3),
                Optional.ofNullable(row.getLocalDate(4)),
                Optional.ofNullable(row.getString(5)).map(text -> RowMapping.enumConstant(Patient.Gender.class, text)),
                row.getString(6),
                row.getString(7),
                row.getBoolean(8),
                Micros.of(row.getOffsetDateTime(9)),
                Micros.of(row.getOffsetDateTime(10)));
    }
}
