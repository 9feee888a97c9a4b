package io.pulseplane.store.edge.salvage;

import io.pulseplane.store.Patient;
import io.pulseplane.store.edge.keys.KeyVault;
import io.pulseplane.store.edge.keys.PatientCodec;
import io.pulseplane.store.edge.salvage.Cells.Row;
import io.pulseplane.store.edge.sqlite.SqliteSession;
import io.pulseplane.store.edge.tables.PatientTable;
import io.pulseplane.vitals.PlaneException;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Copies patients, devices, series, assignments and consents. They are numbered without gaps, so each gap is a row that
 * is lost; what the indexes still say of it takes its place. Nobody may do more than before: for a consent that is lost
 * stands a refusal, and a device that is lost is inactive.
 */
final class RegistrySalvage {

    private static final RowCopier PATIENT = new RowCopier("patient", "iBBBiii", true);
    private static final RowCopier DEVICE = new RowCopier("device", "itTtttttiiiii", true);
    private static final RowCopier ASSIGNMENT = new RowCopier("assignment", "iiiiIi", true);
    private static final RowCopier SERIES = new RowCopier("series", "iiitt", true);
    private static final RowCopier CONSENT = new RowCopier("consent", "iiiiItti", true);
    private static final RowCopier ERASED = new RowCopier("erased", "ibii", true);

    private final DamagedDatabase source;
    private final SqliteSession target;
    private final KeyVault vault;
    private final boolean keepsTags;
    private final List<String> losses;

    private final Map<Long, byte[]> idTags = new HashMap<>();
    private final Map<Long, String> deviceIds = new HashMap<>();
    private final Map<Long, Long> patientOfSeries = new TreeMap<>();
    private final Map<Long, Long> deviceOfSeries = new TreeMap<>();
    private final Map<Long, Long> patientOfConsent = new TreeMap<>();
    private final Set<Long> patients = new TreeSet<>();
    private final Set<Long> devices = new HashSet<>();
    private final Set<Long> series = new HashSet<>();
    private long highestPatient;
    private long highestDevice;
    private long highestSeries;

    /** @param keepsTags whether the tags in the damaged store were made with the key of the new one */
    RegistrySalvage(
            DamagedDatabase source, SqliteSession target, KeyVault vault, boolean keepsTags, List<String> losses) {
        this.source = source;
        this.target = target;
        this.vault = vault;
        this.keepsTags = keepsTags;
        this.losses = losses;
    }

    void copy() throws SQLException {
        readIndexes();
        copyErased();
        source.visit("patient", row -> addPatient(row, false));
        source.visitOrphans(row -> addPatient(row, true));
        source.visit("device", row -> {
            if (DEVICE.matches(row) && DEVICE.copy(target, row)) {
                devices.add(row.number());
                highestDevice = Math.max(highestDevice, row.number());
            }
        });
        source.visit("series", row -> {
            if (SERIES.matches(row) && SERIES.copy(target, row)) {
                series.add(row.number());
                noteSeries(row.number(), (Long) row.values().get(1), (Long)
                        row.values().get(2));
            }
        });
        source.visit("assignment", row -> {
            if (ASSIGNMENT.matches(row)) {
                ASSIGNMENT.copy(target, row);
                highestDevice = Math.max(highestDevice, (Long) row.values().get(1));
                highestPatient = Math.max(highestPatient, (Long) row.values().get(2));
            }
        });
        copyConsents();
    }

    /** Notes that there is a series of this number or was one. */
    void noteSeries(long number) {
        highestSeries = Math.max(highestSeries, number);
    }

    /** The patient of a series; empty if nothing says it any more. */
    Optional<Long> patientOf(long seriesNumber) {
        return Optional.ofNullable(patientOfSeries.get(seriesNumber));
    }

    private void noteSeries(long number, long patient, long device) {
        patientOfSeries.put(number, patient);
        deviceOfSeries.put(number, device);
        highestPatient = Math.max(highestPatient, patient);
        highestDevice = Math.max(highestDevice, device);
        noteSeries(number);
    }

    private void readIndexes() throws SQLException {
        readIndex("sqlite_autoindex_patient_1", byte[].class, (tag, number) -> {
            idTags.put(number, tag);
            highestPatient = Math.max(highestPatient, number);
        });
        readIndex("sqlite_autoindex_device_1", String.class, (id, number) -> {
            deviceIds.put(number, id);
            highestDevice = Math.max(highestDevice, number);
        });
        readIndex("series_of_patient", Long.class, (patient, number) -> {
            patientOfSeries.put(number, patient);
            highestPatient = Math.max(highestPatient, patient);
            noteSeries(number);
        });
        readIndex("series_of_device", Long.class, (device, number) -> {
            deviceOfSeries.put(number, device);
            highestDevice = Math.max(highestDevice, device);
            noteSeries(number);
        });
        readIndex("consent_of_patient", Long.class, (patient, number) -> {
            patientOfConsent.put(number, patient);
            highestPatient = Math.max(highestPatient, patient);
        });
    }

    private interface EntryVisitor<T> {
        void visit(T key, long number);
    }

    private <T> void readIndex(String name, Class<T> type, EntryVisitor<T> visitor) throws SQLException {
        source.visit(name, row -> {
            var values = row.values();
            if (values.size() >= 2 && type.isInstance(values.getFirst()) && values.get(1) instanceof Long number) {
                visitor.visit(type.cast(values.getFirst()), number);
            }
        });
    }

    private void copyErased() throws SQLException {
        source.visit("erased", row -> {
            if (ERASED.matches(row)) {
                ERASED.copy(target, row);
                highestPatient = Math.max(highestPatient, row.number());
            }
        });
        source.visit("erased_by_tag", row -> {
            if (row.values().size() >= 2
                    && row.values().getFirst() instanceof byte[] tag
                    && row.values().get(1) instanceof Long patient) {
                var insert = target.prepare("INSERT OR IGNORE INTO erased VALUES (?, ?, 0, 0)");
                insert.setLong(1, patient);
                insert.setBytes(2, tag);
                insert.executeUpdate();
                highestPatient = Math.max(highestPatient, patient);
            }
        });
    }

    /** @param isOrphan whether the row may be left over: then only its seal proves it */
    private void addPatient(Row row, boolean isOrphan) throws SQLException {
        if (!PATIENT.matches(row) || patients.contains(row.number())) {
            return;
        }
        long number = row.number();
        var values = row.values();
        if (!(values.get(3) instanceof byte[] details)) {
            if (!isOrphan) {
                PATIENT.copy(target, row);
                patients.add(number);
                highestPatient = Math.max(highestPatient, number);
            }
            return;
        }
        try {
            var patient = PatientCodec.open(
                    target, vault, number, details, (Long) values.get(4) != 0, (Long) values.get(5), (Long)
                            values.get(6));
            if (patient.isPresent()) {
                insert(number, vault.tag(PatientTable.ID_TAG_KIND, patient.get().id()), patient.get(), details);
            }
        } catch (PlaneException.DataLoss e) {
            if (!isOrphan && values.get(1) instanceof byte[] tag) {
                idTags.put(number, tag);
            }
        }
        highestPatient = isOrphan ? highestPatient : Math.max(highestPatient, number);
    }

    private void insert(long number, byte[] idTag, Patient patient, byte[] details) throws SQLException {
        var insert = target.prepare("INSERT OR IGNORE INTO patient VALUES (?, ?, ?, ?, ?, ?, ?)");
        insert.setLong(1, number);
        insert.setBytes(2, idTag);
        insert.setBytes(
                3,
                patient.mrn()
                        .map(mrn -> vault.tag(PatientTable.MRN_TAG_KIND, mrn))
                        .orElse(null));
        insert.setBytes(4, details);
        insert.setBoolean(5, patient.provisional());
        insert.setLong(6, patient.createdAt());
        insert.setLong(7, patient.updatedAt());
        if (insert.executeUpdate() > 0) {
            patients.add(number);
            highestPatient = Math.max(highestPatient, number);
        }
    }

    private void copyConsents() throws SQLException {
        var found = new TreeSet<Long>();
        source.visit("consent", row -> {
            if (CONSENT.matches(row) && CONSENT.copy(target, row)) {
                found.add(row.number());
                highestPatient = Math.max(highestPatient, (Long) row.values().get(1));
            }
        });
        long[] highest = {found.isEmpty() ? 0 : found.last()};
        boolean[] isCounted = {false};
        source.visit("sqlite_sequence", row -> {
            if (row.values().size() == 2
                    && "consent".equals(row.values().getFirst())
                    && row.values().get(1) instanceof Long last) {
                isCounted[0] = true;
                highest[0] = Math.max(highest[0], last);
            }
        });
        boolean areUnknownLost = source.isDamaged("consent") && !isCounted[0];
        for (long number : patientOfConsent.keySet()) {
            highest[0] = Math.max(highest[0], number);
        }
        for (long number = 1; number <= highest[0]; number++) {
            if (found.contains(number)) {
                continue;
            }
            var patient = patientOfConsent.get(number);
            if (patient == null) {
                areUnknownLost = true;
            } else {
                losses.add("consent " + number + " of patient number " + patient + "; a refusal stands for it");
                insertRefusal(number, patient);
            }
        }
        refusesAll = areUnknownLost;
        nextConsent = highest[0] + 1;
    }

    private boolean refusesAll;
    private long nextConsent;

    private void insertRefusal(long number, long patient) throws SQLException {
        var insert = target.prepare(
                "INSERT OR IGNORE INTO consent VALUES (?, ?, 0, 0, NULL, '', 'pulseplane store salvage', 0)");
        insert.setLong(1, number);
        insert.setLong(2, patient);
        insert.executeUpdate();
    }

    /** Fills the gaps, once all numbers are known to which something refers. */
    void fillGaps() throws SQLException {
        // Without this, new patients would get keys in place of those that are lost.
        vault.acceptLostKeys(highestPatient);
        for (long number = 1; number <= highestPatient; number++) {
            if (!patients.contains(number)) {
                insertUnknownPatient(number);
            }
        }
        for (long number = 1; number <= highestDevice; number++) {
            if (!devices.contains(number)) {
                insertUnknownDevice(number);
            }
        }
        for (long number = 1; number <= highestSeries; number++) {
            if (!series.contains(number)) {
                insertUnknownSeries(number);
            }
        }
        if (refusesAll) {
            losses.add("consents of unknown patients; a refusal stands for the consent of every patient");
            for (long patient : patients) {
                insertRefusal(nextConsent++, patient);
            }
        }
    }

    private void insertUnknownPatient(long number) throws SQLException {
        var tag = keepsTags ? idTags.get(number) : null;
        try {
            if (vault.key(number).isEmpty()) {
                PatientTable.insertErasedPlaceholder(target, number, 0);
                return;
            }
            var patient = Patient.provisional("salvaged-patient-" + number, 0);
            insert(
                    number,
                    tag == null ? vault.tag(PatientTable.ID_TAG_KIND, patient.id()) : tag,
                    patient,
                    PatientCodec.seal(target, vault, number, patient));
            losses.add("the record of patient number " + number
                    + (tag == null
                            ? "; the readings are those of " + patient.id()
                            : "; the readings are found by the right id, the name is " + patient.id()));
        } catch (PlaneException.DataLoss e) {
            losses.add("patient number " + number + " with all readings: " + e.getMessage());
            PatientTable.insertErasedPlaceholder(target, number, 0);
        }
    }

    private void insertUnknownDevice(long number) throws SQLException {
        var id = deviceIds.getOrDefault(number, "salvaged-device-" + number);
        losses.add("the record of device number " + number + ", which is inactive now: " + id);
        var insert = target.prepare(
                "INSERT OR IGNORE INTO device VALUES (?, ?, NULL, '', '', '', '', 'INACTIVE', 0, 0, 1, 0, 0)");
        insert.setLong(1, number);
        insert.setString(2, id);
        insert.executeUpdate();
    }

    private void insertUnknownSeries(long number) throws SQLException {
        var patient = patientOfSeries.get(number);
        var device = deviceOfSeries.get(number);
        if (patient == null || device == null) {
            losses.add("series " + number + " with all readings: nothing says whose they are");
            return;
        }
        var code = "salvaged-series-" + number;
        losses.add("code and unit of series " + number + " of patient number " + patient + "; its code is " + code);
        var insert = target.prepare("INSERT INTO series VALUES (?, ?, ?, ?, '')");
        insert.setLong(1, number);
        insert.setLong(2, patient);
        insert.setLong(3, device);
        insert.setString(4, code);
        insert.executeUpdate();
    }
}
