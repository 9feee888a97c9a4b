package io.pulseplane.gate;

import io.pulseplane.store.Assignment;
import io.pulseplane.store.Consent;
import io.pulseplane.store.Device;
import io.pulseplane.store.ForwardingRegistry;
import io.pulseplane.store.Registry;
import io.pulseplane.vitals.Subject;
import io.smallrye.mutiny.Uni;
import java.util.Optional;

/** A registry that tells the gate of every change, before it answers the change. */
final class NotifyingRegistry extends ForwardingRegistry {

    private final Gate gate;

    NotifyingRegistry(Registry registry, Gate gate) {
        super(registry);
        this.gate = gate;
    }

    @Override
    public Uni<PutResult<Device>> putDevice(Device device) {
        return super.putDevice(device).invoke(stored -> gate.onLocalChange(stored.item()));
    }

    @Override
    public Uni<Consent> putConsent(Consent consent) {
        return super.putConsent(consent).invoke(gate::onLocalChange);
    }

    /** An assignment ends the one that the device had before. That one has the next lower number of the device. */
    @Override
    public Uni<Assignment> assign(String device, String patient, long from) {
        return super.assign(device, patient, from).call(assignment -> {
            gate.onLocalAssignment(assignment.patient());
            return super.assignments(Optional.of(new Subject.OfDevice(device)), false, assignment.number(), 1)
                    .invoke(ended -> ended.forEach(previous -> gate.onLocalAssignment(previous.patient())));
        });
    }

    @Override
    public Uni<Assignment> release(String device, long to) {
        return super.release(device, to).invoke(ended -> gate.onLocalAssignment(ended.patient()));
    }

    @Override
    public Uni<Long> erasePatient(String id) {
        return super.erasePatient(id).invoke(_ -> gate.onLocalErasure(id));
    }
}
