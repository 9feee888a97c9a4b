package io.pulseplane.store.edge;

import io.pulseplane.store.Device;
import io.pulseplane.store.Patient;
import io.pulseplane.vitals.Series;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The row numbers of patients, devices and series, found or given when a batch names them. Remembers the
 * {@value #REMEMBERED} that were used last of each kind. Belongs to the thread that writes.
 */
final class Numbers {

    private static final int REMEMBERED = 100_000;

    private final Map<String, Long> patients = recent();
    private final Map<String, Long> devices = recent();
    private final Map<Series, Long> series = recent();

    /** Forgets everything: after a rollback some rows are not there. */
    void forget() {
        patients.clear();
        devices.clear();
        series.clear();
    }

    long patient(Session session, String id, long now) throws SQLException {
        var known = patients.get(id);
        if (known == null) {
            known = find(session, "SELECT number FROM patient WHERE patient_id = ?", id);
            if (known == null) {
                known = PatientRows.insert(session, Patient.provisional(id, now));
            }
            patients.put(id, known);
        }
        return known;
    }

    /** A device that is new is assigned to the patient it brings readings of. */
    long device(Session session, String id, long patient, long now) throws SQLException {
        var known = devices.get(id);
        if (known == null) {
            known = find(session, "SELECT number FROM device WHERE device_id = ?", id);
            if (known == null) {
                known = DeviceRows.insert(session, Device.provisional(id, now));
                AssignmentRows.insert(session, known, patient, now, true);
            }
            devices.put(id, known);
        }
        return known;
    }

    long series(Session session, Series key, long patient, long device) throws SQLException {
        var known = series.get(key);
        if (known == null) {
            known = findSeries(session, key, patient, device);
            if (known == null) {
                known = insertSeries(session, key, patient, device);
            }
            series.put(key, known);
        }
        return known;
    }

    private static Long find(Session session, String sql, String id) throws SQLException {
        var select = session.prepare(sql);
        select.setString(1, id);
        try (var row = select.executeQuery()) {
            return row.next() ? (Long) row.getLong(1) : null;
        }
    }

    private static Long findSeries(Session session, Series key, long patient, long device) throws SQLException {
        var select =
                session.prepare("SELECT number FROM series WHERE patient = ? AND device = ? AND code = ? AND unit = ?");
        select.setLong(1, patient);
        select.setLong(2, device);
        select.setString(3, key.code());
        select.setString(4, key.unit());
        try (var row = select.executeQuery()) {
            return row.next() ? (Long) row.getLong(1) : null;
        }
    }

    private static long insertSeries(Session session, Series key, long patient, long device) throws SQLException {
        var insert = session.prepare(
                "INSERT INTO series (patient, device, code, unit) VALUES (?, ?, ?, ?) RETURNING number");
        insert.setLong(1, patient);
        insert.setLong(2, device);
        insert.setString(3, key.code());
        insert.setString(4, key.unit());
        try (var row = insert.executeQuery()) {
            row.next();
            return row.getLong(1);
        }
    }

    private static <K> Map<K, Long> recent() {
        return new LinkedHashMap<>(16, 0.75f, true) {
            private static final long serialVersionUID = 1L;

            @Override
            protected boolean removeEldestEntry(Map.Entry<K, Long> eldest) {
                return size() > REMEMBERED;
            }
        };
    }
}
