package io.pulseplane.store.edge;

import io.pulseplane.store.Assignment;
import io.pulseplane.store.Consent;
import io.pulseplane.store.Device;
import io.pulseplane.store.Patient;
import io.pulseplane.store.Registry;
import io.pulseplane.store.edge.journal.Memtable;
import io.pulseplane.store.edge.maintenance.Eraser;
import io.pulseplane.store.edge.sqlite.ReaderPool;
import io.pulseplane.store.edge.sqlite.WriterThread;
import io.pulseplane.store.edge.tables.AssignmentTable;
import io.pulseplane.store.edge.tables.ConsentTable;
import io.pulseplane.store.edge.tables.DeviceTable;
import io.pulseplane.store.edge.tables.ErasureTable;
import io.pulseplane.store.edge.tables.PatientTable;
import io.pulseplane.vitals.Subject;
import io.smallrye.mutiny.Uni;
import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;

/** The registry of an edge store. Queries run on a thread that reads, changes on the thread that writes. */
final class EdgeRegistry implements Registry {

    private final WriterThread writer;
    private final ReaderPool readers;
    private final PatientTable patients;
    private final AssignmentTable assignments;
    private final ConsentTable consents;
    private final Memtable memtable;
    private final Eraser eraser;
    private final LongSupplier now;

    EdgeRegistry(
            WriterThread writer,
            ReaderPool readers,
            PatientTable patients,
            Memtable memtable,
            Eraser eraser,
            LongSupplier now) {
        this.writer = writer;
        this.readers = readers;
        this.patients = patients;
        this.assignments = new AssignmentTable(patients);
        this.consents = new ConsentTable(patients);
        this.memtable = memtable;
        this.eraser = eraser;
        this.now = now;
    }

    @Override
    public Uni<Boolean> isRegistered(Subject subject) {
        return readers.read(session -> switch (subject) {
            case Subject.OfPatient(var id) -> patients.numberOf(session, id).isPresent();
            case Subject.OfDevice(var id) -> DeviceTable.numberOf(session, id).isPresent();
        });
    }

    @Override
    public Uni<PutResult<Patient>> putPatient(Patient patient) {
        return writer.transaction(session -> patients.put(session, patient, now.getAsLong()));
    }

    @Override
    public Uni<Optional<Patient>> patient(String id) {
        return readers.read(session -> patients.byId(session, id));
    }

    @Override
    public Uni<Optional<Patient>> patientByMrn(String mrn) {
        return readers.read(session -> patients.byMrn(session, mrn));
    }

    @Override
    public Uni<List<Patient>> patientsAfter(String id, int limit) {
        return readers.read(session -> patients.listAfter(session, id, limit));
    }

    @Override
    public Uni<PutResult<Device>> putDevice(Device device) {
        return writer.transaction(session -> DeviceTable.put(session, device, now.getAsLong()))
                .map(result -> new PutResult<>(memtable.withLastSeen(result.item()), result.created()));
    }

    @Override
    public Uni<Optional<Device>> device(String id) {
        return readers.read(session -> DeviceTable.byId(session, id)).map(device -> device.map(memtable::withLastSeen));
    }

    @Override
    public Uni<Optional<Device>> deviceBySerialNumber(String serialNumber) {
        return readers.read(session -> DeviceTable.bySerialNumber(session, serialNumber))
                .map(device -> device.map(memtable::withLastSeen));
    }

    @Override
    public Uni<List<Device>> devicesAfter(String id, Optional<Device.Status> status, int limit) {
        return readers.read(session -> DeviceTable.listAfter(session, id, status, limit))
                .map(devices -> devices.stream().map(memtable::withLastSeen).toList());
    }

    @Override
    public Uni<Assignment> assign(String device, String patient, long from) {
        return writer.transaction(session -> assignments.assign(session, device, patient, from));
    }

    @Override
    public Uni<Assignment> release(String device, long to) {
        return writer.transaction(session -> assignments.release(session, device, to));
    }

    @Override
    public Uni<List<Assignment>> assignments(Optional<Subject> subject, boolean currentOnly, long before, int limit) {
        return readers.read(session -> assignments.list(session, subject, currentOnly, before, limit));
    }

    @Override
    public Uni<Consent> putConsent(Consent consent) {
        return writer.transaction(session -> consents.put(session, consent, now.getAsLong()));
    }

    @Override
    public Uni<Optional<Consent>> consent(String patient) {
        return readers.read(session -> consents.latest(session, patient));
    }

    @Override
    public Uni<List<Consent>> consents(String patient, long before, int limit) {
        return readers.read(session -> consents.list(session, patient, before, limit));
    }

    @Override
    public Uni<Long> erasePatient(String id) {
        return eraser.erase(id, now.getAsLong());
    }

    @Override
    public Uni<Optional<Long>> erasureTime(String id) {
        return readers.read(session -> patients.latestErasure(session, id).map(ErasureTable.Erasure::time));
    }
}
