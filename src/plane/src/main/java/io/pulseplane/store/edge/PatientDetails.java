package io.pulseplane.store.edge;

import io.pulseplane.store.Patient;
import io.pulseplane.store.seal.SealBroken;
import io.pulseplane.vitals.Problem;
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
 * What identifies a patient, as one sealed field: a byte of version, 1, then id, MRN, given name, family name, date of birth,
 * gender, phone and email, each as {@link DataOutputStream#writeUTF} writes it, empty where nothing is known.
 */
final class PatientDetails {

    private static final int VERSION = 1;

    private PatientDetails() {}

    static byte[] seal(Session session, KeyVault vault, long number, Patient patient) throws SQLException {
        var key = vault.key(number).orElseThrow(() -> new Problem.Damaged("a patient's key is not there"));
        var plain = encode(patient);
        return session.bench().sealer.seal(key, Place.ofPatient(number), plain, 0, plain.length);
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
     * The patient; empty if the key was destroyed, as it is of one who was erased after this copy of the database was made.
     *
     * @throws Problem.Damaged if the field is not as it was written
     */
    static Optional<Patient> open(
            Session session,
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
            var plain = session.bench().sealer.open(key.get(), Place.ofPatient(number), sealed);
            return Optional.of(decode(plain, provisional, created, updated));
        } catch (SealBroken _) {
            throw new Problem.Damaged("a patient's record is damaged");
        }
    }

    private static Patient decode(byte[] plain, boolean provisional, long created, long updated) {
        try (var in = new DataInputStream(new ByteArrayInputStream(plain))) {
            if (in.readUnsignedByte() != VERSION) {
                throw new Problem.Unmet("a patient's record was written by a newer Pulseplane");
            }
            return new Patient(
                    in.readUTF(),
                    text(in),
                    in.readUTF(),
                    in.readUTF(),
                    text(in).map(LocalDate::parse),
                    text(in).map(Patient.Gender::valueOf),
                    in.readUTF(),
                    in.readUTF(),
                    provisional,
                    created,
                    updated);
        } catch (IOException e) {
            throw new Problem.Damaged("a patient's record is damaged");
        }
    }

    private static Optional<String> text(DataInputStream in) throws IOException {
        return Optional.of(in.readUTF()).filter(text -> !text.isEmpty());
    }
}
