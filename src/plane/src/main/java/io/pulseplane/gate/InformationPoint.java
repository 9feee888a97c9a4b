package io.pulseplane.gate;

import io.pulseplane.store.Consent;
import io.pulseplane.store.Device;
import io.pulseplane.store.RegistryCache;
import io.pulseplane.store.Site;
import io.pulseplane.store.Store;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * Collects what the policy must know about a request and the plane knows itself: consents, the status of a device, and
 * the patients that a device has readings of.
 */
final class InformationPoint {

    /** Enough for about 100,000 patients. */
    private static final long MAX_CONSENT_BYTES = 48L << 20;

    /** Enough for about 100,000 devices. */
    private static final long MAX_DEVICE_BYTES = 64L << 20;

    /** Enough for about 25,000 patients who call. */
    private static final long MAX_ERASURE_BYTES = 8L << 20;

    private static final int TEXT_BYTES = 56;
    private static final int CONSENT_BYTES = 160;
    private static final int DEVICE_BYTES = 128;

    /**
     * What the plane knows about one request.
     *
     * @param patient the patient concerned; empty if the request concerns none or several
     * @param hasConsent whether all patients concerned consent; false for actions that need no consent
     * @param deviceStatus the status of the device that sends a batch; empty for all other actions
     */
    record DecisionContext(String patient, boolean hasConsent, String deviceStatus) {}

    private static final DecisionContext NO_PATIENT = new DecisionContext("", false, "");

    private final RegistryCache<Consent> consents;
    private final RegistryCache<Device> devices;
    private final DevicePatients devicePatients;

    /** When patients were erased, for patients who call. */
    private final RegistryCache<Long> erasures;

    private final LongSupplier clock;

    /** @param onNewDevicePatient is called with a device that has another patient from now on */
    InformationPoint(Store store, Site site, LongSupplier clock, Consumer<String> onNewDevicePatient) {
        this.consents =
                new RegistryCache<>(MAX_CONSENT_BYTES, InformationPoint::weightBytes, site, store.registry()::consent);
        this.devices =
                new RegistryCache<>(MAX_DEVICE_BYTES, InformationPoint::weightBytes, site, store.registry()::device);
        this.devicePatients = new DevicePatients(store.readings(), site, onNewDevicePatient);
        this.erasures = new RegistryCache<>(MAX_ERASURE_BYTES, _ -> Long.BYTES, site, store.registry()::erasureTime);
        this.clock = clock;
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

    /** Returns null if the store has to be queried. */
    DecisionContext cached(Action action, Access access) {
        return switch (action) {
            case QUERY -> access.device().isEmpty() ? ofPatient(access) : ofDevicePatients(access);
            case INGEST -> {
                var device = devices.cached(access.device());
                yield device == null ? null : ofDevice(access, device);
            }
            case REGISTRY, CONSENT, ERASE, AUDIT, OPERATE, DESCRIBE -> withoutConsent(access);
        };
    }

    CompletionStage<DecisionContext> load(Action action, Access access) {
        return switch (action) {
            case QUERY ->
                access.device().isEmpty()
                        ? consents.load(access.patients().getFirst()).thenApply(consent -> ofPatient(access, consent))
                        : devicePatients.load(access.device()).thenCompose(patients -> ofPatients(access, patients));
            case INGEST ->
                // While the registry is unavailable, the last known status of the device counts: readings that the
                // plane refuses now may be lost for ever.
                devices.loadOrLastKnown(access.device()).thenApply(device -> ofDevice(access, device));
            case REGISTRY, CONSENT, ERASE, AUDIT, OPERATE, DESCRIBE ->
                CompletableFuture.completedStage(withoutConsent(access));
        };
    }

    private static DecisionContext withoutConsent(Access access) {
        return access.patients().isEmpty()
                ? NO_PATIENT
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

    /** An unregistered device counts as active. Whether it is registered by its first batch, ingest decides. */
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
        boolean allConsent = !patients.isEmpty();
        for (var patient : patients) {
            var cached = consents.cached(patient);
            if (cached == null) {
                return null;
            }
            allConsent &= covers(cached, access.codes());
        }
        return new DecisionContext(onlyOne(patients), allConsent, "");
    }

    private CompletionStage<DecisionContext> ofPatients(Access access, Collection<String> patients) {
        CompletionStage<Boolean> allConsent = CompletableFuture.completedStage(!patients.isEmpty());
        for (var patient : patients) {
            allConsent = allConsent.thenCombine(
                    consents.load(patient), (others, consent) -> others && covers(consent, access.codes()));
        }
        return allConsent.thenApply(consent -> new DecisionContext(onlyOne(patients), consent, ""));
    }

    /** Empty if there are none or several. */
    private static String onlyOne(Collection<String> patients) {
        var iterator = patients.iterator();
        var first = iterator.hasNext() ? iterator.next() : "";
        return iterator.hasNext() ? "" : first;
    }

    /** A batch of this device and patient is about to be stored. */
    void addDevicePatient(String device, String patient) {
        devicePatients.add(device, patient);
    }

    /** Returns when a patient of this id was erased last, and null if the store has to be queried. */
    Optional<Long> cachedErasure(String patient) {
        return erasures.cached(patient);
    }

    CompletionStage<Optional<Long>> loadErasure(String patient) {
        return erasures.load(patient);
    }

    /**
     * When the first of the current consents ends that this access rests on, be it by patient or by device.
     * {@code Long.MAX_VALUE} if none does.
     */
    long consentEnd(Access access) {
        long end = Long.MAX_VALUE;
        for (var patient : access.device().isEmpty() ? access.patients() : devicePatients.lastKnown(access.device())) {
            end = Math.min(end, consentEnd(patient));
        }
        return end;
    }

    /** When the patient's current consent expires; {@code Long.MAX_VALUE} if it does not, or if there is none. */
    private long consentEnd(String patient) {
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
        erasures.invalidate(patient);
        devicePatients.removePatient(patient);
    }

    void update(Device device) {
        devices.update(device.id(), device);
    }

    void clear() {
        consents.clear();
        devices.clear();
        erasures.clear();
        devicePatients.clear();
    }

    void invalidateConsent(String patient) {
        consents.update(patient);
    }

    void invalidateDevice(String device) {
        devices.update(device);
    }

    /** Grows with every change of what a decision on this access rests on. */
    long version(Action action, Access access) {
        return switch (action) {
            case QUERY -> consents.version() + (access.device().isEmpty() ? 0 : devicePatients.version());
            case INGEST -> devices.version();
            case REGISTRY, CONSENT, ERASE, AUDIT, OPERATE, DESCRIBE -> 0;
        };
    }
}
