package io.pulseplane.store.edge.maintenance;

import io.pulseplane.store.edge.journal.IdDictionary;
import io.pulseplane.store.edge.journal.Memtable;
import io.pulseplane.store.edge.keys.KeyVault;
import io.pulseplane.store.edge.keys.KeyVault.DestroyedKey;
import io.pulseplane.store.edge.sqlite.SqliteSession;
import io.pulseplane.store.edge.sqlite.WriterThread;
import io.pulseplane.store.edge.tables.DeviceTable;
import io.pulseplane.store.edge.tables.PatientTable;
import io.pulseplane.store.edge.tables.PatientTable.Erasure;
import io.pulseplane.store.edge.tables.ReceiptTable;
import io.pulseplane.vitals.PlaneException;
import io.smallrye.mutiny.Uni;
import java.sql.SQLException;

/**
 * Erases patients. First it is written down that the patient is erased, then the patient's key is destroyed: whatever is
 * interrupted between the two is finished when the store is opened again. What was sealed under the key is only in the way
 * from then on, and swept out at leisure.
 */
public final class Eraser {

    private final WriterThread writer;
    private final PatientTable patients;
    private final KeyVault vault;
    private final Memtable memtable;
    private final IdDictionary idDictionary;
    private final ReceiptTable receipts;
    private final Runnable requestCollection;

    /** @param sweep lets somebody know that there is something to be swept out */
    public Eraser(
            WriterThread writer,
            PatientTable patients,
            KeyVault vault,
            Memtable backlog,
            IdDictionary numbers,
            ReceiptTable receipts,
            Runnable sweep) {
        this.writer = writer;
        this.patients = patients;
        this.vault = vault;
        this.memtable = backlog;
        this.idDictionary = numbers;
        this.receipts = receipts;
        this.requestCollection = sweep;
    }

    public Uni<Long> erase(String id, long time) {
        return writer.transaction(
                        session -> {
                            var number = patients.numberOf(session, id);
                            return number.isPresent()
                                    ? erase(session, number.getAsLong(), id, time)
                                    : patients.latestErasure(session, id)
                                            .orElseThrow(() ->
                                                    new PlaneException.NotFound("this patient is not registered"));
                        },
                        this::destroyKey)
                .map(Erasure::time);
    }

    private Erasure erase(SqliteSession session, long number, String id, long time) throws SQLException {
        // The journal's own can be opened no more than the readings beside them.
        var answered = memtable.acknowledgedOf(number);
        for (var entry : answered.entrySet()) {
            receipts.add(session, entry.getKey(), entry.getValue());
        }
        for (var seen : memtable.lastSeen().values()) {
            if (answered.containsKey(seen.device())) {
                DeviceTable.updateLastSeen(session, seen.device(), seen.lastSequence(), seen.time());
            }
        }
        return PatientTable.erase(session, new Erasure(number, vault.tag(PatientTable.ID_TAG_KIND, id), time));
    }

    private void destroyKey(Erasure erasure) {
        memtable.removePatient(erasure.number());
        idDictionary.clear();
        try {
            vault.destroy(new DestroyedKey(erasure.number(), erasure.idTag(), erasure.time()));
        } catch (SQLException e) {
            throw new PlaneException.Unavailable("the patient's key could not be destroyed yet; ask again", e);
        }
        requestCollection.run();
    }

    /**
     * Destroys the keys of those whose erasure was interrupted, and erases those whose keys are destroyed: this may be a copy
     * of the database that was made before.
     */
    public static void finishInterrupted(SqliteSession session, KeyVault vault) throws SQLException {
        try (var rows = session.prepare("SELECT patient, id_tag, erased_us FROM erased WHERE collected = 0")
                .executeQuery()) {
            while (rows.next()) {
                vault.destroy(new DestroyedKey(rows.getLong(1), SqliteSession.bytesOrEmpty(rows, 2), rows.getLong(3)));
            }
        }
        for (var patient : vault.destroyedKeys()) {
            if (!PatientTable.isErased(session, patient.owner())) {
                session.inTransaction(() -> repeatErasure(session, patient));
            }
        }
    }

    private static void repeatErasure(SqliteSession session, DestroyedKey patient) throws SQLException {
        PatientTable.insertErasedPlaceholder(session, patient.owner(), patient.time());
        PatientTable.erase(session, new Erasure(patient.owner(), patient.idTag(), patient.time()));
    }
}
