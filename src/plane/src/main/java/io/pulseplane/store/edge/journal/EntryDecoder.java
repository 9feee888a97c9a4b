package io.pulseplane.store.edge.journal;

import io.pulseplane.store.crypto.DecryptionFailedException;
import io.pulseplane.store.edge.journal.Memtable.JournalBatch;
import io.pulseplane.store.edge.keys.AssociatedData;
import io.pulseplane.store.edge.keys.KeyVault;
import io.pulseplane.store.edge.sqlite.SqliteSession;
import io.pulseplane.store.edge.tables.AcknowledgedBatch;
import io.pulseplane.store.edge.tables.PatientTable;
import io.pulseplane.vitals.PlaneException;
import io.pulseplane.vitals.chunk.ByteReader;
import io.pulseplane.vitals.chunk.CorruptDataException;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import javax.crypto.SecretKey;

/** Opens entries of the journal. Belongs to the thread that reads them. */
final class EntryDecoder {

    /** More than any store has patients. */
    private static final int MAX_PATIENT_BITS = 40;

    private final KeyVault vault;
    private final DeviceIdCache ids = new DeviceIdCache();
    private boolean foundLostKey;

    EntryDecoder(KeyVault vault) {
        this.vault = vault;
    }

    /** Whether an entry was opened with a batch of a patient whose key is damaged or missing. */
    boolean foundLostKey() {
        return foundLostKey;
    }

    /** Returns the batches that can be read, and tells the listener of the others. */
    List<JournalBatch> decode(SqliteSession session, long entry, byte[] payload, Journal.LossListener lossListener)
            throws SQLException {
        var batches = new ArrayList<JournalBatch>();
        if (payload.length == 0) {
            lossListener.onLoss(JournalLoss.ofRest(entry, 0, "it is damaged, and there is nothing in it"));
        }
        var in = new ByteReader(payload);
        int i = 0;
        try {
            for (; in.remaining() > 0; i++) {
                long patient = in.readVarint();
                int length = in.readLength();
                int from = in.skip(length);
                var batch = new SealedBatch(entry, i, payload, from, from + length);
                var opened = open(session, batch, patient, lossListener);
                if (opened.isPresent()) {
                    batches.add(decodeBatch(session, entry, opened.get()));
                }
            }
        } catch (CorruptDataException _) {
            lossListener.onLoss(
                    JournalLoss.ofRest(entry, i, "it is damaged from batch " + i + " on, and the rest is lost"));
        }
        return batches;
    }

    private record SealedBatch(long entry, int index, byte[] payload, int from, int to) {}

    private record OpenedBatch(long patient, byte[] plain) {}

    /** Empty if the patient was erased, or if the batch is lost. Only this batch is lost if a key is damaged. */
    private Optional<OpenedBatch> open(
            SqliteSession session, SealedBatch batch, long patient, Journal.LossListener lossListener)
            throws SQLException {
        Optional<SecretKey> key;
        try {
            key = vault.key(patient);
        } catch (PlaneException.DataLoss _) {
            foundLostKey = true;
            lossListener.onLoss(lossOfKey(session, batch, patient));
            return Optional.empty();
        }
        var opened = key.flatMap(known -> open(session, batch, patient, known));
        if (opened.isEmpty()) {
            opened = openUnderFlippedNumber(session, batch, patient);
        }
        if (opened.isEmpty() && key.isPresent()) {
            lossListener.onLoss(new JournalLoss(
                    batch.entry,
                    batch.index,
                    OptionalLong.of(patient),
                    true,
                    "batch " + batch.index + " is damaged and lost"));
        }
        return opened;
    }

    private static Optional<OpenedBatch> open(SqliteSession session, SealedBatch batch, long patient, SecretKey key) {
        try {
            return Optional.of(new OpenedBatch(
                    patient,
                    session.codecs()
                            .aesGcm
                            .open(
                                    key,
                                    AssociatedData.ofJournalBatch(batch.entry, batch.index),
                                    batch.payload,
                                    batch.from,
                                    batch.to)));
        } catch (DecryptionFailedException _) {
            return Optional.empty();
        }
    }

    /**
     * The number of the patient stands beside the seal, not in it. If one of its bits is flipped, the batch would be
     * taken for a lost one of another patient, or of an erased one, and the patient's own loss would not be told. A
     * batch that opens under a key is of that key's patient.
     */
    private Optional<OpenedBatch> openUnderFlippedNumber(SqliteSession session, SealedBatch batch, long patient)
            throws SQLException {
        for (int bit = 0; bit < MAX_PATIENT_BITS; bit++) {
            long other = patient ^ (1L << bit);
            if (PatientTable.exists(session, other)) {
                try {
                    var opened = vault.key(other).flatMap(key -> open(session, batch, other, key));
                    if (opened.isPresent()) {
                        return opened;
                    }
                } catch (PlaneException.DataLoss _) {
                    // That patient's own batches say that the key is missing.
                }
            }
        }
        return Optional.empty();
    }

    private static JournalLoss lossOfKey(SqliteSession session, SealedBatch batch, long patient) throws SQLException {
        boolean isPatient = PatientTable.exists(session, patient);
        return new JournalLoss(
                batch.entry,
                batch.index,
                isPatient ? OptionalLong.of(patient) : OptionalLong.empty(),
                !isPatient,
                "the key of patient number " + patient + " is damaged or missing, and batch " + batch.index
                        + " unreadable");
    }

    private JournalBatch decodeBatch(SqliteSession session, long entry, OpenedBatch opened) throws SQLException {
        var in = new ByteReader(opened.plain);
        if (in.readByte() != Journal.VERSION) {
            throw new PlaneException.FailedPrecondition("the journal was written by a newer Pulseplane");
        }
        long device = in.readVarint();
        long sequence = in.readLong();
        long time = in.readLong();
        var acknowledged = AcknowledgedBatch.read(sequence, in);
        int count = in.readLength();
        var series = new long[count];
        var chunks = new MemtableChunk[count];
        for (int i = 0; i < count; i++) {
            series[i] = in.readVarint();
            var chunk = in.readBytes(in.readLength());
            var reader = session.codecs().chunkReader.open(chunk);
            chunks[i] = new MemtableChunk(chunk, reader.firstTime(), reader.lastTime(), reader.count());
        }
        return new JournalBatch(
                entry, device, ids.idOf(session, device), opened.patient, time, acknowledged, series, chunks);
    }
}
