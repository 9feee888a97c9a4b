package io.pulseplane.store.edge.maintenance;

import io.pulseplane.store.edge.journal.IdDictionary;
import io.pulseplane.store.edge.journal.Memtable;
import io.pulseplane.store.edge.keys.KeyVault;
import io.pulseplane.store.edge.keys.KeyVault.DestroyedKey;
import io.pulseplane.store.edge.sqlite.SqliteSession;
import io.pulseplane.store.edge.sqlite.WriterThread;
import io.pulseplane.store.edge.tables.DeviceTable;
import io.pulseplane.store.edge.tables.ErasureTable;
import io.pulseplane.store.edge.tables.ErasureTable.Erasure;
import io.pulseplane.store.edge.tables.PatientTable;
import io.pulseplane.store.edge.tables.Receipt;
import io.pulseplane.store.edge.tables.ReceiptTable;
import io.pulseplane.vitals.PlaneException;
import io.smallrye.mutiny.Uni;
import java.sql.SQLException;

/**
 * Erases patients. The first transaction records the erasure, and then the eraser destroys the patient's key. If the
 * plane dies between the two, the next start destroys the key. Chunks that were sealed under it cannot be opened any
 * more; the {@link GarbageCollector} deletes them later. Receipts of the patient's batches cannot be opened either,
 * except those that an earlier version wrote, which the garbage collector forgets.
 */
public final class Eraser {

    private final WriterThread writer;
    private final PatientTable patients;
    private final KeyVault vault;
    private final Memtable memtable;
    private final IdDictionary idDictionary;
    private final ReceiptTable receipts;
    private final Runnable requestCollection;

    /** @param requestCollection makes maintenance run the garbage collector */
    public Eraser(
            WriterThread writer,
            PatientTable patients,
            KeyVault vault,
            Memtable memtable,
            IdDictionary idDictionary,
            ReceiptTable receipts,
            Runnable requestCollection) {
        this.writer = writer;
        this.patients = patients;
        this.vault = vault;
        this.memtable = memtable;
        this.idDictionary = idDictionary;
        this.receipts = receipts;
        this.requestCollection = requestCollection;
    }

    /**
     * Erases a patient.
     *
     * @return when the patient was erased, which may be earlier
     */
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
        // Of receipts it must survive that the devices have used their sequences. In the journal, nobody could read
        // that
        // without the patient's key.
        var acknowledged = memtable.receiptsOf(number);
        for (var entry : acknowledged.entrySet()) {
            receipts.add(
                    session,
                    entry.getKey(),
                    entry.getValue().stream().map(Receipt::forgotten).toList());
        }
        for (var lastSeen : memtable.lastSeen().values()) {
            if (acknowledged.containsKey(lastSeen.device())) {
                DeviceTable.updateLastSeen(session, lastSeen.device(), lastSeen.lastSequence(), lastSeen.time());
            }
        }
        return PatientTable.erase(session, new Erasure(number, vault.tag(PatientTable.ID_TAG_KIND, id), time));
    }

    private void destroyKey(Erasure erasure) {
        memtable.removePatient(erasure.patient());
        idDictionary.clear();
        try {
            vault.destroy(new DestroyedKey(erasure.patient(), erasure.idTag(), erasure.time()));
        } catch (SQLException e) {
            throw new PlaneException.Unavailable("the patient's key could not be destroyed yet; try again", e);
        }
        requestCollection.run();
    }

    /**
     * Finishes erasures at a start. Destroys the keys of patients whose erasure is recorded. And erases patients whose
     * keys are destroyed: the database may be a copy that was made before the erasure.
     */
    public static void finishInterrupted(SqliteSession session, KeyVault vault) throws SQLException {
        for (var erasure : ErasureTable.listUncollected(session)) {
            vault.destroy(new DestroyedKey(erasure.patient(), erasure.idTag(), erasure.time()));
        }
        for (var destroyedKey : vault.destroyedKeys()) {
            if (!ErasureTable.isErased(session, destroyedKey.owner())) {
                session.inTransaction(() -> repeatErasure(session, destroyedKey));
            }
        }
    }

    private static void repeatErasure(SqliteSession session, DestroyedKey destroyedKey) throws SQLException {
        PatientTable.insertErasedPlaceholder(session, destroyedKey.owner(), destroyedKey.time());
        PatientTable.erase(session, new Erasure(destroyedKey.owner(), destroyedKey.idTag(), destroyedKey.time()));
    }
}
