package io.pulseplane.gate;

import io.pulseplane.store.Consent;
import io.pulseplane.store.Device;
import io.pulseplane.store.Site;
import io.pulseplane.store.Store;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.LongSupplier;

/** What the plane itself knows about a request: consent, the state of a device, of whom a device has readings. */
final class InformationPoint {

    /** Some 100,000 patients. */
    private static final long MAX_CONSENT_BYTES = 48L << 20;

    /** Some 100,000 devices. */
    private static final long MAX_DEVICE_BYTES = 64L << 20;

    private static final int TEXT_BYTES = 56;
    private static final int CONSENT_BYTES = 160;
    private static final int DEVICE_BYTES = 128;

    /**
     * Those of one request.
     *
     * @param patient of whom; empty where it is of nobody, or of more than one
     * @param hasConsent whether everybody whose readings are asked for consents
     */
    record DecisionContext(String patient, boolean hasConsent, String deviceStatus) {}

    private static final DecisionContext OF_NOBODY = new DecisionContext("", false, "");

    private final RegistryCache<Consent> consents;
    private final RegistryCache<Device> devices;
    private final DevicePatients devicePatients;
    private final LongSupplier clock;

    InformationPoint(Store store, Site site, LongSupplier now) {
        this.consents =
                new RegistryCache<>(MAX_CONSENT_BYTES, InformationPoint::weightBytes, site, store.registry()::consent);
        this.devices =
                new RegistryCache<>(MAX_DEVICE_BYTES, InformationPoint::weightBytes, site, store.registry()::device);
        this.devicePatients = new DevicePatients(store.readings(), site);
        this.clock = now;
    }

    private static int weightBytes(Consent consent) {
        return CONSENT_BYTES
                + weightBytes(consent.patient(), consent.recordedBy())
                + weightBytes(consent.codes().toArray(String[]::new));
    }

    private static int weightBytes(Device device) {
        return DEVICE_BYTES
                + weightBytes(device.id(), device.serialNumber().orElse(""), device.type())
                + weightBytes(device.manufacturer(), device.model(), device.firmwareVersion());
    }

    private static int weightBytes(String... texts) {
        int bytes = 0;
        for (var text : texts) {
            bytes += TEXT_BYTES + text.length();
        }
        return bytes;
    }

    /** What is known at once; null if the store has to be asked. */
    DecisionContext cached(Action action, Access access) {
        return switch (action) {
            case QUERY -> access.device().isEmpty() ? ofPatient(access) : ofDevicePatients(access);
            case INGEST -> {
                var device = devices.cached(access.device());
                yield device == null ? null : ofDevice(access, device);
            }
            case REGISTRY, CONSENT, ERASE, AUDIT, OPERATE, DESCRIBE -> ofNobody(access);
        };
    }

    CompletionStage<DecisionContext> load(Action action, Access access) {
        return switch (action) {
            case QUERY ->
                access.device().isEmpty()
                        ? consents.load(access.patients().getFirst()).thenApply(consent -> ofPatient(access, consent))
                        : devicePatients.load(access.device()).thenCompose(patients -> ofPatients(access, patients));
            case INGEST ->
                // While nobody can be asked, a device may what it might when somebody last could: readings that are not
                // taken now may never be taken again.
                devices.loadOrLastKnown(access.device()).thenApply(device -> ofDevice(access, device));
            case REGISTRY, CONSENT, ERASE, AUDIT, OPERATE, DESCRIBE ->
                CompletableFuture.completedStage(ofNobody(access));
        };
    }

    private static DecisionContext ofNobody(Access access) {
        return access.patients().isEmpty()
                ? OF_NOBODY
                : new DecisionContext(access.patients().getFirst(), false, "");
    }

    private DecisionContext ofPatient(Access access) {
        var consent = consents.cached(access.patients().getFirst());
        return consent == null ? null : ofPatient(access, consent);
    }

    private DecisionContext ofPatient(Access access, Optional<Consent> consent) {
        return new DecisionContext(access.patients().getFirst(), covers(consent, access.codes()), "");
    }

    private boolean covers(Optional<Consent> consent, List<String> codes) {
        return consent.isPresent() && consent.get().permits(codes, clock.getAsLong());
    }

    /** A device that is not registered will be, as active, by its first batch; if it may, ingest says. */
    private static DecisionContext ofDevice(Access access, Optional<Device> device) {
        var status = device.map(Device::status).orElse(Device.Status.ACTIVE);
        return new DecisionContext(
                access.patients().getFirst(), false, status.name().toLowerCase(Locale.ROOT));
    }

    private DecisionContext ofDevicePatients(Access access) {
        var patients = devicePatients.cached(access.device());
        if (patients == null) {
            return null;
        }
        boolean consent = !patients.isEmpty();
        for (var patient : patients) {
            var known = consents.cached(patient);
            if (known == null) {
                return null;
            }
            consent &= covers(known, access.codes());
        }
        return new DecisionContext(onlyOne(patients), consent, "");
    }

    private CompletionStage<DecisionContext> ofPatients(Access access, Collection<String> patients) {
        CompletionStage<Boolean> consent = CompletableFuture.completedStage(!patients.isEmpty());
        for (var patient : patients) {
            consent = consent.thenCombine(consents.load(patient), (all, one) -> all && covers(one, access.codes()));
        }
        return consent.thenApply(all -> new DecisionContext(onlyOne(patients), all, ""));
    }

    private static String onlyOne(Collection<String> patients) {
        var all = patients.iterator();
        var first = all.hasNext() ? all.next() : "";
        return all.hasNext() ? "" : first;
    }

    /** A batch is about to be stored. */
    void addDevicePatient(String device, String patient) {
        devicePatients.add(device, patient);
    }

    /** When the consent that holds ends by itself, in microseconds since the epoch. */
    long consentEnd(String patient) {
        var consent = consents.lastKnown(patient);
        if (consent == null || consent.isEmpty()) {
            return Long.MAX_VALUE;
        }
        long end = consent.get().to().orElse(Long.MAX_VALUE);
        return end > clock.getAsLong() ? end : Long.MAX_VALUE;
    }

    void update(Consent consent) {
        consents.update(consent.patient(), consent);
    }

    void removePatient(String patient) {
        consents.invalidate(patient);
        devicePatients.removePatient(patient);
    }

    void update(Device device) {
        devices.update(device.id(), device);
    }

    void invalidateConsent(String patient) {
        consents.update(patient);
    }

    void invalidateDevice(String device) {
        devices.update(device);
    }

    /** Grows with every change of what is known. */
    long version() {
        return consents.version() + devices.version();
    }
}
