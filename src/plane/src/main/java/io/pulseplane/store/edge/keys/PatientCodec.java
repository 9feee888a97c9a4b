package io.pulseplane.store.edge.keys;

import io.pulseplane.store.Patient;
import io.pulseplane.store.crypto.DecryptionFailedException;
import io.pulseplane.store.edge.sqlite.SqliteSession;
import io.pulseplane.vitals.PlaneException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.sql.SQLException;
import java.time.LocalDate;
import java.util.Optional;

/**
 * Encodes everything that identifies a patient as one sealed field: one byte of version, 1, then id, MRN, given name,
 * family name, date of birth, gender, phone and email, each as {@link DataOutputStream#writeUTF} writes it. A missing
 * value is empty.
 */
public final class PatientCodec {

    private static final int VERSION = 1;

    private PatientCodec() {}

    public static byte[] seal(SqliteSession session, KeyVault vault, long number, Patient patient) throws SQLException {
        var key = vault.key(number).orElseThrow(() -> new PlaneException.DataLoss("the key of a patient is missing"));
        var plain = encode(patient);
        return session.codecs().aesGcm.seal(key, AssociatedData.ofPatient(number), plain, 0, plain.length);
    }

    private static byte[] encode(Patient patient) {
        var bytes = new ByteArrayOutputStream(128);
        try (var out = new DataOutputStream(bytes)) {
            out.writeByte(VERSION);
            out.writeUTF(patient.id());
            out.writeUTF(patient.mrn().orElse(""));
            out.writeUTF(patient.givenName());
            out.writeUTF(patient.familyName());
            out.writeUTF(patient.dateOfBirth().map(LocalDate::toString).orElse(""));
            out.writeUTF(patient.gender().map(Enum::name).orElse(""));
            out.writeUTF(patient.phone());
            out.writeUTF(patient.email());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    /**
     * Opens the field of a patient.
     *
     * @return empty if the key was destroyed: the patient was erased after this copy of the database was made
     * @throws PlaneException.DataLoss if the field is not as it was written
     */
    public static Optional<Patient> open(
            SqliteSession session,
            KeyVault vault,
            long number,
            byte[] sealed,
            boolean provisional,
            long created,
            long updated)
            throws SQLException {
        var key = vault.key(number);
        if (key.isEmpty()) {
            return Optional.empty();
        }
        try {
            var plain = session.codecs().aesGcm.open(key.get(), AssociatedData.ofPatient(number), sealed);
            return Optional.of(decode(plain, provisional, created, updated));
        } catch (DecryptionFailedException _) {
            throw new PlaneException.DataLoss("a patient's record is damaged");
        }
    }

    private static Patient decode(byte[] plain, boolean provisional, long created, long updated) {
        try (var in = new DataInputStream(new ByteArrayInputStream(plain))) {
            if (in.readUnsignedByte() != VERSION) {
                throw new PlaneException.FailedPrecondition("a patient's record was written by a newer Pulseplane");
            }
            return new Patient(
                    in.readUTF(),
                    readOptional(in),
                    in.readUTF(),
                    in.readUTF(),
                    readOptional(in).map(LocalDate::parse),
                    readOptional(in).map(Patient.Gender::valueOf),
                    in.readUTF(),
                    in.readUTF(),
                    provisional,
                    created,
                    updated);
        } catch (IOException e) {
            throw new PlaneException.DataLoss("a patient's record is damaged");
        }
    }

    private static Optional<String> readOptional(DataInputStream in) throws IOException {
        return Optional.of(in.readUTF()).filter(text -> !text.isEmpty());
    }
}
