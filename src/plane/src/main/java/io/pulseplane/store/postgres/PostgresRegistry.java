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

/** The registry of the store. Each query is one statement, each change one transaction. */
final class PostgresRegistry implements Registry {

    private final SessionPool sessions;
    private final LongSupplier now;

    PostgresRegistry(SessionPool sessions, LongSupplier now) {
        this.sessions = sessions;
        this.now = now;
    }

    @Override
    public Uni<Long> erasePatient(String id) {
        return sessions.transaction(session -> ErasureTable.erase(session, id, now.getAsLong()));
    }

    @Override
    public Uni<Optional<Long>> erasureTime(String id) {
        return sessions.read(session -> ErasureTable.latest(session, id));
    }

    @Override
    public Uni<Boolean> isRegistered(Subject subject) {
        return sessions.read(session -> switch (subject) {
            case Subject.OfPatient(var id) -> PatientTable.exists(session, id);
            case Subject.OfDevice(var id) -> DeviceTable.exists(session, id);
        });
    }

    @Override
    public Uni<PutResult<Patient>> putPatient(Patient patient) {
        return sessions.transaction(session -> PatientTable.put(session, patient, now.getAsLong()));
    }

    @Override
    public Uni<Optional<Patient>> patient(String id) {
        return sessions.read(session -> PatientTable.byId(session, id));
    }

    @Override
    public Uni<Optional<Patient>> patientByMrn(String mrn) {
        return sessions.read(session -> PatientTable.byMrn(session, mrn));
    }

    @Override
    public Uni<List<Patient>> patientsAfter(String id, int limit) {
        return sessions.read(session -> PatientTable.listAfter(session, id, limit));
    }

    @Override
    public Uni<PutResult<Device>> putDevice(Device device) {
        return sessions.transaction(session -> DeviceTable.put(session, device, now.getAsLong()));
    }

    @Override
    public Uni<Optional<Device>> device(String id) {
        return sessions.read(session -> DeviceTable.byId(session, id));
    }

    @Override
    public Uni<Optional<Device>> deviceBySerialNumber(String serialNumber) {
        return sessions.read(session -> DeviceTable.bySerialNumber(session, serialNumber));
    }

    @Override
    public Uni<List<Device>> devicesAfter(String id, Optional<Device.Status> status, int limit) {
        return sessions.read(session -> DeviceTable.listAfter(session, id, status, limit));
    }

    @Override
    public Uni<Assignment> assign(String device, String patient, long from) {
        return sessions.transaction(session -> AssignmentTable.assign(session, device, patient, from));
    }

    @Override
    public Uni<Assignment> release(String device, long to) {
        return sessions.transaction(session -> AssignmentTable.release(session, device, to));
    }

    @Override
    public Uni<List<Assignment>> assignments(Optional<Subject> subject, boolean currentOnly, long before, int limit) {
        return sessions.read(session -> AssignmentTable.list(session, subject, currentOnly, before, limit));
    }

    @Override
    public Uni<Consent> putConsent(Consent consent) {
        return sessions.transaction(session -> ConsentTable.put(session, consent, now.getAsLong()));
    }

    @Override
    public Uni<Optional<Consent>> consent(String patient) {
        return sessions.read(session -> ConsentTable.latest(session, patient));
    }

    @Override
    public Uni<List<Consent>> consents(String patient, long before, int limit) {
        return sessions.read(session -> ConsentTable.list(session, patient, before, limit));
    }
}
