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
import java.util.OptionalLong;
import java.util.SequencedMap;

/**
 * Finds the numbers of patients, devices and series that a batch names, and inserts rows for those that are new. It
 * also knows the last sequence of a device and the last time of a series. It caches the {@value #MAX_ENTRIES_PER_KIND}
 * entries of each kind that were used last, and belongs to the thread that writes.
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

    // Not a Caffeine cache: the values change in place, and are newer than the tables until the group is committed. An
    // entry that the present group uses must not be evicted before those that it does not use.
    private final LruMap<String, Long> patients = new LruMap<>();
    private final LruMap<String, CachedDevice> devices = new LruMap<>();
    private final LruMap<Series, CachedSeries> series = new LruMap<>();

    public IdDictionary(PatientTable patientTable, SeriesReader seriesReader, Memtable memtable) {
        this.patientTable = patientTable;
        this.seriesReader = seriesReader;
        this.memtable = memtable;
    }

    /** Clears the cache: after a rollback, rows that it names may not exist. */
    public void clear() {
        patients.clear();
        devices.clear();
        series.clear();
    }

    /** The number of a patient; empty if the patient was erased and nobody has registered the id again. */
    OptionalLong findOrInsertPatient(SqliteSession session, String id, long now) throws SQLException {
        var number = patients.get(id);
        if (number == null) {
            var stored = patientTable.numberOf(session, id);
            if (stored.isEmpty() && patientTable.latestErasure(session, id).isPresent()) {
                return OptionalLong.empty();
            }
            number = stored.isPresent()
                    ? (Long) stored.getAsLong()
                    : (Long) patientTable.insert(session, Patient.provisional(id, now));
            patients.put(id, number);
        }
        return OptionalLong.of(number);
    }

    /** Whether a patient who had this id was erased at some time. */
    boolean wasErased(SqliteSession session, String id) throws SQLException {
        return patientTable.latestErasure(session, id).isPresent();
    }

    boolean isRegistered(SqliteSession session, String id) throws SQLException {
        return patientTable.numberOf(session, id).isPresent();
    }

    /** Null if the device is not registered. */
    CachedDevice findDevice(SqliteSession session, String id) throws SQLException {
        var device = devices.get(id);
        if (device == null) {
            device = loadDevice(session, id);
            if (device != null) {
                devices.put(id, device);
            }
        }
        return device;
    }

    /** Inserts a provisional device, and assigns it to the patient of its first batch. */
    CachedDevice insertDevice(SqliteSession session, String id, long patient, long now) throws SQLException {
        long number = DeviceTable.insert(session, Device.provisional(id, now));
        AssignmentTable.insert(session, number, patient, now, true);
        var device = new CachedDevice(number, 0);
        devices.put(id, device);
        return device;
    }

    CachedSeries findOrInsertSeries(SqliteSession session, Series key, long patient, long device) throws SQLException {
        var cached = series.get(key);
        if (cached == null) {
            var number = SeriesTable.find(session, key, patient, device);
            cached = number.isPresent()
                    ? new CachedSeries(number.getAsLong(), seriesReader.lastTime(session, number.getAsLong()))
                    : new CachedSeries(SeriesTable.insert(session, key, patient, device), -1);
            series.put(key, cached);
        }
        return cached;
    }

    private CachedDevice loadDevice(SqliteSession session, String id) throws SQLException {
        var select = session.prepare("SELECT number, last_sequence FROM device WHERE device_id = ?");
        select.setString(1, id);
        try (var row = select.executeQuery()) {
            if (!row.next()) {
                return null;
            }
            var lastSeen = memtable.lastSeen(id);
            long last = row.getLong(2);
            return new CachedDevice(
                    row.getLong(1), lastSeen == null ? last : Sequences.max(last, lastSeen.lastSequence()));
        }
    }

    /** A map that drops the entry that was used least recently when it has too many. */
    private static final class LruMap<K, V> {

        private final SequencedMap<K, V> entries = new LinkedHashMap<>(16, 0.75f, true);

        V get(K key) {
            return entries.get(key);
        }

        void put(K key, V value) {
            entries.put(key, value);
            if (entries.size() > MAX_ENTRIES_PER_KIND) {
                entries.pollFirstEntry();
            }
        }

        void clear() {
            entries.clear();
        }
    }
}
