package io.pulseplane.store.postgres;

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

/** The registry: each question a statement, each change a transaction. */
final class PostgresRegistry implements Registry {

    private final Sessions sessions;
    private final LongSupplier now;

    PostgresRegistry(Sessions sessions, LongSupplier now) {
        this.sessions = sessions;
        this.now = now;
    }

    @Override
    public Uni<Long> erasePatient(String id) {
        return sessions.transaction(session -> ErasureRows.erase(session, id, now.getAsLong()));
    }

    @Override
    public Uni<Boolean> knows(Subject subject) {
        return sessions.read(session -> switch (subject) {
            case Subject.OfPatient(var id) -> PatientRows.knows(session, id);
            case Subject.OfDevice(var id) -> DeviceRows.knows(session, id);
        });
    }

    @Override
    public Uni<Stored<Patient>> putPatient(Patient patient) {
        return sessions.transaction(session -> PatientRows.put(session, patient, now.getAsLong()));
    }

    @Override
    public Uni<Optional<Patient>> patient(String id) {
        return sessions.read(session -> PatientRows.byId(session, id));
    }

    @Override
    public Uni<Optional<Patient>> patientByMrn(String mrn) {
        return sessions.read(session -> PatientRows.byMrn(session, mrn));
    }

    @Override
    public Uni<List<Patient>> patientsAfter(String id, int limit) {
        return sessions.read(session -> PatientRows.after(session, id, limit));
    }

    @Override
    public Uni<Stored<Device>> putDevice(Device device) {
        return sessions.transaction(session -> DeviceRows.put(session, device, now.getAsLong()));
    }

    @Override
    public Uni<Optional<Device>> device(String id) {
        return sessions.read(session -> DeviceRows.byId(session, id));
    }

    @Override
    public Uni<Optional<Device>> deviceBySerialNumber(String serialNumber) {
        return sessions.read(session -> DeviceRows.bySerialNumber(session, serialNumber));
    }

    @Override
    public Uni<List<Device>> devicesAfter(String id, Optional<Device.Status> status, int limit) {
        return sessions.read(session -> DeviceRows.after(session, id, status, limit));
    }

    @Override
    public Uni<Assignment> assign(String device, String patient, long from) {
        return sessions.transaction(session -> AssignmentRows.assign(session, device, patient, from));
    }

    @Override
    public Uni<Assignment> release(String device, long to) {
        return sessions.transaction(session -> AssignmentRows.release(session, device, to));
    }

    @Override
    public Uni<List<Assignment>> assignments(Optional<Subject> subject, boolean currentOnly, long before, int limit) {
        return sessions.read(session -> AssignmentRows.list(session, subject, currentOnly, before, limit));
    }

    @Override
    public Uni<Consent> putConsent(Consent consent) {
        return sessions.transaction(session -> ConsentRows.put(session, consent, now.getAsLong()));
    }

    @Override
    public Uni<Optional<Consent>> consent(String patient) {
        return sessions.read(session -> ConsentRows.latest(session, patient));
    }

    @Override
    public Uni<List<Consent>> consents(String patient, long before, int limit) {
        return sessions.read(session -> ConsentRows.list(session, patient, before, limit));
    }
}
