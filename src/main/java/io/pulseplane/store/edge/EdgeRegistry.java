package io.pulseplane.store.edge;

import io.pulseplane.store.Assignment;
import io.pulseplane.store.Consent;
import io.pulseplane.store.Device;
import io.pulseplane.store.Patient;
import io.pulseplane.store.Registry;
import io.pulseplane.vitals.Subject;
import io.smallrye.mutiny.Uni;
import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;

/** The registry, each question on a thread that reads, each change on the thread that writes. */
final class EdgeRegistry implements Registry {

    private final Writer writer;
    private final Readers readers;
    private final LongSupplier now;

    EdgeRegistry(Writer writer, Readers readers, LongSupplier now) {
        this.writer = writer;
        this.readers = readers;
        this.now = now;
    }

    @Override
    public Uni<Boolean> knows(Subject subject) {
        return readers.read(session -> switch (subject) {
            case Subject.OfPatient(var id) ->
                Rows.numberOf(session, "patient", id).isPresent();
            case Subject.OfDevice(var id) ->
                Rows.numberOf(session, "device", id).isPresent();
        });
    }

    @Override
    public Uni<Stored<Patient>> putPatient(Patient patient) {
        return writer.transaction(session -> PatientRows.put(session, patient, now.getAsLong()));
    }

    @Override
    public Uni<Optional<Patient>> patient(String id) {
        return readers.read(session -> PatientRows.byId(session, id));
    }

    @Override
    public Uni<Optional<Patient>> patientByMrn(String mrn) {
        return readers.read(session -> PatientRows.byMrn(session, mrn));
    }

    @Override
    public Uni<List<Patient>> patientsAfter(String id, int limit) {
        return readers.read(session -> PatientRows.after(session, id, limit));
    }

    @Override
    public Uni<Stored<Device>> putDevice(Device device) {
        return writer.transaction(session -> DeviceRows.put(session, device, now.getAsLong()));
    }

    @Override
    public Uni<Optional<Device>> device(String id) {
        return readers.read(session -> DeviceRows.byId(session, id));
    }

    @Override
    public Uni<Optional<Device>> deviceBySerialNumber(String serialNumber) {
        return readers.read(session -> DeviceRows.bySerialNumber(session, serialNumber));
    }

    @Override
    public Uni<List<Device>> devicesAfter(String id, Optional<Device.Status> status, int limit) {
        return readers.read(session -> DeviceRows.after(session, id, status, limit));
    }

    @Override
    public Uni<Assignment> assign(String device, String patient, long from) {
        return writer.transaction(session -> AssignmentRows.assign(session, device, patient, from));
    }

    @Override
    public Uni<Assignment> release(String device, long to) {
        return writer.transaction(session -> AssignmentRows.release(session, device, to));
    }

    @Override
    public Uni<List<Assignment>> assignments(Optional<Subject> subject, boolean currentOnly, long before, int limit) {
        return readers.read(session -> AssignmentRows.list(session, subject, currentOnly, before, limit));
    }

    @Override
    public Uni<Consent> putConsent(Consent consent) {
        return writer.transaction(session -> ConsentRows.put(session, consent, now.getAsLong()));
    }

    @Override
    public Uni<Optional<Consent>> consent(String patient) {
        return readers.read(session -> ConsentRows.latest(session, patient));
    }

    @Override
    public Uni<List<Consent>> consents(String patient, long before, int limit) {
        return readers.read(session -> ConsentRows.list(session, patient, before, limit));
    }
}
