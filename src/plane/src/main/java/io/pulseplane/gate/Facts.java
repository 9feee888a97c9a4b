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
final class Facts {

    /** Some 100,000 patients. */
    private static final long MAX_CONSENT_BYTES = 48L << 20;

    /** Some 100,000 devices. */
    private static final long MAX_DEVICE_BYTES = 64L << 20;

    private static final int BYTES_OF_TEXT = 56;
    private static final int BYTES_OF_CONSENT = 160;
    private static final int BYTES_OF_DEVICE = 128;

    /**
     * Those of one request.
     *
     * @param patient of whom; empty where it is of nobody, or of more than one
     * @param consent whether everybody whose readings are asked for consents
     */
    record Known(String patient, boolean consent, String deviceStatus) {}

    private static final Known OF_NOBODY = new Known("", false, "");

    private final Remembered<Consent> consents;
    private final Remembered<Device> devices;
    private final DevicePatients devicePatients;
    private final LongSupplier now;

    Facts(Store store, Site site, LongSupplier now) {
        this.consents = new Remembered<>(MAX_CONSENT_BYTES, Facts::bytes, site, store.registry()::consent);
        this.devices = new Remembered<>(MAX_DEVICE_BYTES, Facts::bytes, site, store.registry()::device);
        this.devicePatients = new DevicePatients(store.readings(), site);
        this.now = now;
    }

    private static int bytes(Consent consent) {
        return BYTES_OF_CONSENT
                + bytes(consent.patient(), consent.recordedBy())
                + bytes(consent.codes().toArray(String[]::new));
    }

    private static int bytes(Device device) {
        return BYTES_OF_DEVICE
                + bytes(device.id(), device.serialNumber().orElse(""), device.type())
                + bytes(device.manufacturer(), device.model(), device.firmwareVersion());
    }

    private static int bytes(String... texts) {
        int bytes = 0;
        for (var text : texts) {
            bytes += BYTES_OF_TEXT + text.length();
        }
        return bytes;
    }

    /** What is known at once; null if the store has to be asked. */
    Known now(Action action, Access access) {
        return switch (action) {
            case QUERY -> access.device().isEmpty() ? ofPatient(access) : ofPatientsNow(access);
            case INGEST -> {
                var device = devices.now(access.device());
                yield device == null ? null : ofDevice(access, device);
            }
            case REGISTRY, CONSENT, ERASE, AUDIT, OPERATE, DESCRIBE -> ofNobody(access);
        };
    }

    CompletionStage<Known> ask(Action action, Access access) {
        return switch (action) {
            case QUERY ->
                access.device().isEmpty()
                        ? consents.ask(access.patients().getFirst()).thenApply(consent -> ofPatient(access, consent))
                        : devicePatients.ask(access.device()).thenCompose(patients -> ofPatients(access, patients));
            case INGEST ->
                // While nobody can be asked, a device may what it might when somebody last could: readings that are not
                // taken now may never be taken again.
                devices.askOrLast(access.device()).thenApply(device -> ofDevice(access, device));
            case REGISTRY, CONSENT, ERASE, AUDIT, OPERATE, DESCRIBE ->
                CompletableFuture.completedStage(ofNobody(access));
        };
    }

    private static Known ofNobody(Access access) {
        return access.patients().isEmpty()
                ? OF_NOBODY
                : new Known(access.patients().getFirst(), false, "");
    }

    private Known ofPatient(Access access) {
        var consent = consents.now(access.patients().getFirst());
        return consent == null ? null : ofPatient(access, consent);
    }

    private Known ofPatient(Access access, Optional<Consent> consent) {
        return new Known(access.patients().getFirst(), covers(consent, access.codes()), "");
    }

    private boolean covers(Optional<Consent> consent, List<String> codes) {
        return consent.isPresent() && consent.get().covers(codes, now.getAsLong());
    }

    /** A device that is not registered will be, as active, by its first batch; if it may, ingest says. */
    private static Known ofDevice(Access access, Optional<Device> device) {
        var status = device.map(Device::status).orElse(Device.Status.ACTIVE);
        return new Known(access.patients().getFirst(), false, status.name().toLowerCase(Locale.ROOT));
    }

    private Known ofPatientsNow(Access access) {
        var patients = devicePatients.now(access.device());
        if (patients == null) {
            return null;
        }
        boolean consent = !patients.isEmpty();
        for (var patient : patients) {
            var known = consents.now(patient);
            if (known == null) {
                return null;
            }
            consent &= covers(known, access.codes());
        }
        return new Known(onlyOne(patients), consent, "");
    }

    private CompletionStage<Known> ofPatients(Access access, Collection<String> patients) {
        CompletionStage<Boolean> consent = CompletableFuture.completedStage(!patients.isEmpty());
        for (var patient : patients) {
            consent = consent.thenCombine(consents.ask(patient), (all, one) -> all && covers(one, access.codes()));
        }
        return consent.thenApply(all -> new Known(onlyOne(patients), all, ""));
    }

    private static String onlyOne(Collection<String> patients) {
        var all = patients.iterator();
        var first = all.hasNext() ? all.next() : "";
        return all.hasNext() ? "" : first;
    }

    /** A batch is about to be stored. */
    void note(String device, String patient) {
        devicePatients.note(device, patient);
    }

    /** When the consent that holds ends by itself, in microseconds since the epoch. */
    long end(String patient) {
        var consent = consents.last(patient);
        if (consent == null || consent.isEmpty()) {
            return Long.MAX_VALUE;
        }
        long end = consent.get().to().orElse(Long.MAX_VALUE);
        return end > now.getAsLong() ? end : Long.MAX_VALUE;
    }

    void changed(Consent consent) {
        consents.changed(consent.patient(), consent);
    }

    void erased(String patient) {
        consents.gone(patient);
        devicePatients.forget(patient);
    }

    void changed(Device device) {
        devices.changed(device.id(), device);
    }

    void consentChanged(String patient) {
        consents.changed(patient);
    }

    void deviceChanged(String device) {
        devices.changed(device);
    }

    /** Grows with every change of what is known. */
    long changes() {
        return consents.changes() + devices.changes();
    }
}
