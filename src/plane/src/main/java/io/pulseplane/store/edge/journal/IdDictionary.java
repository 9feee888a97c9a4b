package io.pulseplane.store.edge.journal;

import io.pulseplane.store.Device;
import io.pulseplane.store.Patient;
import io.pulseplane.store.edge.sqlite.SqliteSession;
import io.pulseplane.store.edge.tables.AssignmentTable;
import io.pulseplane.store.edge.tables.DeviceTable;
import io.pulseplane.store.edge.tables.PatientTable;
import io.pulseplane.store.edge.tables.Sequences;
import io.pulseplane.store.edge.tables.SeriesTable;
import io.pulseplane.vitals.Series;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalLong;

/**
 * The numbers of patients, devices and series, found or given when a batch names them, and how far each has come. Remembers
 * the {@value #MAX_ENTRIES_PER_KIND} that were used last of each kind. Belongs to the thread that writes.
 */
public final class IdDictionary {

    private static final int MAX_ENTRIES_PER_KIND = 100_000;

    /** A device, and the highest sequence of its batches. */
    static final class CachedDevice {
        final long number;
        long lastSequence;

        CachedDevice(long number, long lastSequence) {
            this.number = number;
            this.lastSequence = lastSequence;
        }
    }

    /** A series, and the time of its last reading; -1 if it has none. */
    static final class CachedSeries {
        final long number;
        long lastTime;

        CachedSeries(long number, long lastTime) {
            this.number = number;
            this.lastTime = lastTime;
        }
    }

    private final PatientTable patientTable;
    private final SeriesReader seriesReader;
    private final Memtable memtable;
    private final Map<String, Long> patients = lruMap();
    private final Map<String, CachedDevice> devices = lruMap();
    private final Map<Series, CachedSeries> series = lruMap();

    public IdDictionary(PatientTable rows, SeriesReader reader, Memtable backlog) {
        this.patientTable = rows;
        this.seriesReader = reader;
        this.memtable = backlog;
    }

    /** Forgets everything: after a rollback some rows are not there. */
    public void clear() {
        patients.clear();
        devices.clear();
        series.clear();
    }

    /** Empty if this patient was erased, and nobody has registered the id again. */
    OptionalLong findOrInsertPatient(SqliteSession session, String id, long now) throws SQLException {
        var known = patients.get(id);
        if (known == null) {
            var found = patientTable.numberOf(session, id);
            if (found.isEmpty() && patientTable.latestErasure(session, id).isPresent()) {
                return OptionalLong.empty();
            }
            known = found.isPresent()
                    ? (Long) found.getAsLong()
                    : (Long) patientTable.insert(session, Patient.provisional(id, now));
            patients.put(id, known);
        }
        return OptionalLong.of(known);
    }

    /** Null if no such device is registered. */
    CachedDevice findDevice(SqliteSession session, String id) throws SQLException {
        var known = devices.get(id);
        if (known == null) {
            known = loadDevice(session, id);
            if (known != null) {
                devices.put(id, known);
            }
        }
        return known;
    }

    /** A device that is new is assigned to the patient it brings readings of. */
    CachedDevice insertDevice(SqliteSession session, String id, long patient, long now) throws SQLException {
        long number = DeviceTable.insert(session, Device.provisional(id, now));
        AssignmentTable.insert(session, number, patient, now, true);
        var device = new CachedDevice(number, 0);
        devices.put(id, device);
        return device;
    }

    CachedSeries findOrInsertSeries(SqliteSession session, Series key, long patient, long device) throws SQLException {
        var known = series.get(key);
        if (known == null) {
            var number = SeriesTable.find(session, key, patient, device);
            known = number.isPresent()
                    ? new CachedSeries(number.getAsLong(), seriesReader.lastTime(session, number.getAsLong()))
                    : new CachedSeries(SeriesTable.insert(session, key, patient, device), -1);
            series.put(key, known);
        }
        return known;
    }

    private CachedDevice loadDevice(SqliteSession session, String id) throws SQLException {
        var select = session.prepare("SELECT number, last_sequence FROM device WHERE device_id = ?");
        select.setString(1, id);
        try (var row = select.executeQuery()) {
            if (!row.next()) {
                return null;
            }
            var seen = memtable.lastSeen(id);
            long last = row.getLong(2);
            return new CachedDevice(row.getLong(1), seen == null ? last : Sequences.max(last, seen.lastSequence()));
        }
    }

    private static <K, V> Map<K, V> lruMap() {
        return new LinkedHashMap<>(16, 0.75f, true) {
            private static final long serialVersionUID = 1L;

            @Override
            protected boolean removeEldestEntry(Map.Entry<K, V> eldest) {
                return size() > MAX_ENTRIES_PER_KIND;
            }
        };
    }
}
