package io.pulseplane.store;

import io.pulseplane.vitals.Subject;
import io.smallrye.mutiny.Uni;
import java.util.List;
import java.util.Optional;

/** A registry that passes everything on to another one. Decorators override what they add to. */
public abstract class ForwardingRegistry implements Registry {

    private final Registry registry;

    protected ForwardingRegistry(Registry registry) {
        this.registry = registry;
    }

    @Override
    public Uni<PutResult<Device>> putDevice(Device device) {
        return registry.putDevice(device);
    }

    @Override
    public Uni<Consent> putConsent(Consent consent) {
        return registry.putConsent(consent);
    }

    @Override
    public Uni<Long> erasePatient(String id) {
        return registry.erasePatient(id);
    }

    @Override
    public Uni<Optional<Long>> erasureTime(String id) {
        return registry.erasureTime(id);
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
