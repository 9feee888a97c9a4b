package io.pulseplane.store.edge;

import io.pulseplane.store.Device;
import io.pulseplane.store.Patient;
import io.pulseplane.vitals.Series;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalLong;

/**
 * The numbers of patients, devices and series, found or given when a batch names them, and how far each has come. Remembers
 * the {@value #REMEMBERED} that were used last of each kind. Belongs to the thread that writes.
 */
final class Numbers {

    private static final int REMEMBERED = 100_000;

    /** A device, and the highest sequence of its batches. */
    static final class KnownDevice {
        final long number;
        long lastSequence;

        KnownDevice(long number, long lastSequence) {
            this.number = number;
            this.lastSequence = lastSequence;
        }
    }

    /** A series, and the time of its last reading; -1 if it has none. */
    static final class KnownSeries {
        final long number;
        long lastTime;

        KnownSeries(long number, long lastTime) {
            this.number = number;
            this.lastTime = lastTime;
        }
    }

    private final PatientRows rows;
    private final SeriesReader reader;
    private final Backlog backlog;
    private final Map<String, Long> patients = recent();
    private final Map<String, KnownDevice> devices = recent();
    private final Map<Series, KnownSeries> series = recent();

    Numbers(PatientRows rows, SeriesReader reader, Backlog backlog) {
        this.rows = rows;
        this.reader = reader;
        this.backlog = backlog;
    }

    /** Forgets everything: after a rollback some rows are not there. */
    void forget() {
        patients.clear();
        devices.clear();
        series.clear();
    }

    /** Empty if this patient was erased, and nobody has registered the id again. */
    OptionalLong patient(Session session, String id, long now) throws SQLException {
        var known = patients.get(id);
        if (known == null) {
            var found = rows.numberOf(session, id);
            if (found.isEmpty() && rows.erasure(session, id).isPresent()) {
                return OptionalLong.empty();
            }
            known = found.isPresent()
                    ? (Long) found.getAsLong()
                    : (Long) rows.insert(session, Patient.provisional(id, now));
            patients.put(id, known);
        }
        return OptionalLong.of(known);
    }

    /** Null if no such device is registered. */
    KnownDevice device(Session session, String id) throws SQLException {
        var known = devices.get(id);
        if (known == null) {
            known = find(session, id);
            if (known != null) {
                devices.put(id, known);
            }
        }
        return known;
    }

    /** A device that is new is assigned to the patient it brings readings of. */
    KnownDevice newDevice(Session session, String id, long patient, long now) throws SQLException {
        long number = DeviceRows.insert(session, Device.provisional(id, now));
        AssignmentRows.insert(session, number, patient, now, true);
        var device = new KnownDevice(number, 0);
        devices.put(id, device);
        return device;
    }

    KnownSeries series(Session session, Series key, long patient, long device) throws SQLException {
        var known = series.get(key);
        if (known == null) {
            var number = SeriesTable.find(session, key, patient, device);
            known = number.isPresent()
                    ? new KnownSeries(number.getAsLong(), reader.lastTime(session, number.getAsLong()))
                    : new KnownSeries(SeriesTable.insert(session, key, patient, device), -1);
            series.put(key, known);
        }
        return known;
    }

    private KnownDevice find(Session session, String id) throws SQLException {
        var select = session.prepare("SELECT number, last_sequence FROM device WHERE device_id = ?");
        select.setString(1, id);
        try (var row = select.executeQuery()) {
            if (!row.next()) {
                return null;
            }
            var seen = backlog.seen(id);
            long last = row.getLong(2);
            return new KnownDevice(row.getLong(1), seen == null ? last : Sequences.later(last, seen.lastSequence()));
        }
    }

    private static <K, V> Map<K, V> recent() {
        return new LinkedHashMap<>(16, 0.75f, true) {
            private static final long serialVersionUID = 1L;

            @Override
            protected boolean removeEldestEntry(Map.Entry<K, V> eldest) {
                return size() > REMEMBERED;
            }
        };
    }
}
