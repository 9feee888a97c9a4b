package io.pulseplane.assignment;

import io.pulseplane.store.Assignment;
import io.pulseplane.store.Registry;
import io.pulseplane.store.RegistryCache;
import io.pulseplane.store.Site;
import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.Subject;
import io.smallrye.mutiny.Uni;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * Remembers the devices of patients, and applies the {@link PatientPolicy} of the plane. A change that this plane
 * makes counts from its answer on, one of another plane within the bound of the site.
 */
public final class Assignments {

    /** Enough for about 50,000 patients. */
    private static final long MAX_BYTES = 32L << 20;

    private static final int ASSIGNMENT_BYTES = 256;
    private static final int PAGE_SIZE = 1_000;
    private static final CompletionStage<PatientDevices> ALL_DEVICES =
            CompletableFuture.completedStage(PatientDevices.ALL);

    private final PatientPolicy policy;

    /** Null if the policy needs no assignments. */
    private final RegistryCache<PatientDevices> devices;

    /** @param registry the registry of the store; unused if the policy needs no assignments */
    public Assignments(PatientPolicy policy, Registry registry, Site site) {
        this.policy = policy;
        this.devices = policy.hidesUnassigned()
                ? new RegistryCache<>(
                        MAX_BYTES, value -> ASSIGNMENT_BYTES * value.size(), site, patient -> read(registry, patient))
                : null;
    }

    /** For a plane on which every device may write for every patient. */
    public static Assignments any() {
        return new Assignments(PatientPolicy.ANY, null, null);
    }

    private static Uni<Optional<PatientDevices>> read(Registry registry, String patient) {
        return readBefore(registry, patient, Long.MAX_VALUE, new ArrayList<>())
                .map(PatientDevices::of)
                .map(Optional::of);
    }

    private static Uni<List<Assignment>> readBefore(
            Registry registry, String patient, long before, List<Assignment> read) {
        return registry.assignments(Optional.of(new Subject.OfPatient(patient)), false, before, PAGE_SIZE)
                .chain(page -> {
                    read.addAll(page);
                    return page.size() < PAGE_SIZE
                            ? Uni.createFrom().item(read)
                            : readBefore(registry, patient, page.getLast().number(), read);
                });
    }

    /** Whether ingest has to compare readings with the assignments. */
    public boolean rejectsUnassigned() {
        return policy.rejectsUnassigned();
    }

    /** Returns null if they have to be {@linkplain #load loaded}. */
    public PatientDevices cached(String patient) {
        if (devices == null) {
            return PatientDevices.ALL;
        }
        var cached = devices.cached(patient);
        return cached == null ? null : cached.orElseThrow();
    }

    public CompletionStage<PatientDevices> load(String patient) {
        return devices == null ? ALL_DEVICES : devices.load(patient).thenApply(Optional::orElseThrow);
    }

    /**
     * Loads the devices. Gives those that are remembered if the store is unavailable: a device that cannot send its
     * readings now may lose them.
     */
    public CompletionStage<PatientDevices> loadOrLastKnown(String patient) {
        return devices == null ? ALL_DEVICES : devices.loadOrLastKnown(patient).thenApply(Optional::orElseThrow);
    }

    /**
     * Returns those of the readings that are served to whoever queries their patients. The stage is complete if the
     * assignments are remembered.
     */
    public CompletableFuture<List<Columns>> served(List<Columns> readings) {
        if (devices == null) {
            return CompletableFuture.completedFuture(readings);
        }
        var loads = new HashMap<String, CompletableFuture<PatientDevices>>();
        for (var columns : readings) {
            loads.computeIfAbsent(
                    columns.series().patient(), patient -> load(patient).toCompletableFuture());
        }
        return CompletableFuture.allOf(loads.values().toArray(CompletableFuture[]::new))
                .thenApply(_ -> served(readings, loads));
    }

    private static List<Columns> served(
            List<Columns> readings, Map<String, CompletableFuture<PatientDevices>> devicesByPatient) {
        var served = new ArrayList<Columns>(readings.size());
        for (var columns : readings) {
            var rest = devicesByPatient.get(columns.series().patient()).join().served(columns);
            if (!rest.isEmpty()) {
                served.add(rest);
            }
        }
        return served;
    }

    /** Whether none of the readings is served, as far as this plane remembers. */
    public boolean hides(Columns readings) {
        var cached = cached(readings.series().patient());
        return cached != null && cached.served(readings).isEmpty();
    }

    /** The assignments of this patient have changed, on this plane or another. */
    public void invalidate(String patient) {
        if (devices != null) {
            devices.invalidate(patient);
        }
    }

    /** The store went back to an earlier state. */
    public void clear() {
        if (devices != null) {
            devices.clear();
        }
    }
}
