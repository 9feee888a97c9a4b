package io.pulseplane.gate;

import io.pulseplane.store.Assignment;
import io.pulseplane.store.Consent;
import io.pulseplane.store.Device;
import io.pulseplane.store.Patient;
import io.pulseplane.store.Registry;
import io.pulseplane.vitals.Subject;
import io.smallrye.mutiny.Uni;
import java.util.List;
import java.util.Optional;

/** A registry that tells the gate of changes to consents, devices and patients, before it answers the change. */
final class NotifyingRegistry implements Registry {

    private final Registry registry;
    private final Gate gate;

    NotifyingRegistry(Registry registry, Gate gate) {
        this.registry = registry;
        this.gate = gate;
    }

    @Override
    public Uni<PutResult<Device>> putDevice(Device device) {
        return registry.putDevice(device).invoke(stored -> gate.onLocalChange(stored.item()));
    }

    @Override
    public Uni<Consent> putConsent(Consent consent) {
        return registry.putConsent(consent).invoke(gate::onLocalChange);
    }

    @Override
    public Uni<Long> erasePatient(String id) {
        return registry.erasePatient(id).invoke(_ -> gate.onLocalErasure(id));
    }

    @Override
    public Uni<Boolean> isRegistered(Subject subject) {
        return registry.isRegistered(subject);
    }

    @Override
    public Uni<PutResult<Patient>> putPatient(Patient patient) {
        return registry.putPatient(patient);
    }

    @Override
    public Uni<Optional<Patient>> patient(String id) {
        return registry.patient(id);
    }

    @Override
    public Uni<Optional<Patient>> patientByMrn(String mrn) {
        return registry.patientByMrn(mrn);
    }

    @Override
    public Uni<List<Patient>> patientsAfter(String id, int limit) {
        return registry.patientsAfter(id, limit);
    }

    @Override
    public Uni<Optional<Device>> device(String id) {
        return registry.device(id);
    }

    @Override
    public Uni<Optional<Device>> deviceBySerialNumber(String serialNumber) {
        return registry.deviceBySerialNumber(serialNumber);
    }

    @Override
    public Uni<List<Device>> devicesAfter(String id, Optional<Device.Status> status, int limit) {
        return registry.devicesAfter(id, status, limit);
    }

    @Override
    public Uni<Assignment> assign(String device, String patient, long from) {
        return registry.assign(device, patient, from);
    }

    @Override
    public Uni<Assignment> release(String device, long to) {
        return registry.release(device, to);
    }

    @Override
    public Uni<List<Assignment>> assignments(Optional<Subject> subject, boolean currentOnly, long before, int limit) {
        return registry.assignments(subject, currentOnly, before, limit);
    }

    @Override
    public Uni<Optional<Consent>> consent(String patient) {
        return registry.consent(patient);
    }

    @Override
    public Uni<List<Consent>> consents(String patient, long before, int limit) {
        return registry.consents(patient, before, limit);
    }
}
