package io.pulseplane.gate;

import io.pulseplane.store.Consent;
import io.pulseplane.store.Device;
import io.pulseplane.store.ForwardingRegistry;
import io.pulseplane.store.Registry;
import io.smallrye.mutiny.Uni;

/** A registry that tells the gate of changes to consents, devices and patients, before it answers the change. */
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

    @Override
    public Uni<Long> erasePatient(String id) {
        return super.erasePatient(id).invoke(_ -> gate.onLocalErasure(id));
    }
}
