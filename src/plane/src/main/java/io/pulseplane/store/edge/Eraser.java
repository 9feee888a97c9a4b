package io.pulseplane.store.edge;

import io.pulseplane.store.edge.KeyVault.Destroyed;
import io.pulseplane.store.edge.PatientRows.Erasure;
import io.pulseplane.vitals.Problem;
import io.smallrye.mutiny.Uni;
import java.sql.SQLException;

/**
 * Erases patients. First it is written down that the patient is erased, then the patient's key is destroyed: whatever is
 * interrupted between the two is finished when the store is opened again. What was sealed under the key is only in the way
 * from then on, and swept out at leisure.
 */
final class Eraser {

    private final Writer writer;
    private final PatientRows patients;
    private final KeyVault vault;
    private final Backlog backlog;
    private final Numbers numbers;
    private final ReceiptRows receipts;
    private final Runnable sweep;

    /** @param sweep lets somebody know that there is something to be swept out */
    Eraser(
            Writer writer,
            PatientRows patients,
            KeyVault vault,
            Backlog backlog,
            Numbers numbers,
            ReceiptRows receipts,
            Runnable sweep) {
        this.writer = writer;
        this.patients = patients;
        this.vault = vault;
        this.backlog = backlog;
        this.numbers = numbers;
        this.receipts = receipts;
        this.sweep = sweep;
    }

    Uni<Long> erase(String id, long time) {
        return writer.transaction(
                        session -> {
                            var number = patients.numberOf(session, id);
                            return number.isPresent()
                                    ? erase(session, number.getAsLong(), id, time)
                                    : patients.erasure(session, id)
                                            .orElseThrow(() -> new Problem.NotFound("this patient is not registered"));
                        },
                        this::destroy)
                .map(Erasure::time);
    }

    private Erasure erase(Session session, long number, String id, long time) throws SQLException {
        // The journal's own can be opened no more than the readings beside them.
        var answered = backlog.sentOf(number);
        for (var entry : answered.entrySet()) {
            receipts.add(session, entry.getKey(), entry.getValue());
        }
        for (var seen : backlog.seen().values()) {
            if (answered.containsKey(seen.device())) {
                DeviceRows.seen(session, seen.device(), seen.lastSequence(), seen.time());
            }
        }
        return PatientRows.erase(session, new Erasure(number, vault.tag(PatientRows.ID, id), time));
    }

    private void destroy(Erasure erasure) {
        backlog.forgetPatient(erasure.number());
        numbers.forget();
        try {
            vault.destroy(new Destroyed(erasure.number(), erasure.idTag(), erasure.time()));
        } catch (SQLException e) {
            throw new Problem.Unavailable("the patient's key could not be destroyed yet; ask again", e);
        }
        sweep.run();
    }

    /**
     * Destroys the keys of those whose erasure was interrupted, and erases those whose keys are destroyed: this may be a copy
     * of the database that was made before.
     */
    static void finish(Session session, KeyVault vault) throws SQLException {
        try (var rows = session.prepare("SELECT patient, id_tag, erased_us FROM erased WHERE collected = 0")
                .executeQuery()) {
            while (rows.next()) {
                vault.destroy(new Destroyed(rows.getLong(1), Session.bytes(rows, 2), rows.getLong(3)));
            }
        }
        for (var patient : vault.destroyed()) {
            if (!PatientRows.isErased(session, patient.owner())) {
                session.inTransaction(() -> eraseAgain(session, patient));
            }
        }
    }

    private static void eraseAgain(Session session, Destroyed patient) throws SQLException {
        PatientRows.insertNobody(session, patient.owner(), patient.time());
        PatientRows.erase(session, new Erasure(patient.owner(), patient.idTag(), patient.time()));
    }
}
