package io.pulseplane.gate;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.pulseplane.store.ReadingStore;
import io.pulseplane.store.Site;
import io.pulseplane.vitals.Subject;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/**
 * Remembers which patients a device has readings of. A query for a device concerns all of them.
 *
 * <p>A batch is noted here before it is stored, so no query returns readings of a patient that the gate does not know
 * of. A batch that another plane stores is noted within the bound of the site.
 */
final class DevicePatients {

    private static final int MAX_DEVICES = 100_000;

    private final ReadingStore readings;
    private final Site site;
    private final Consumer<String> onNewPatient;
    private final AtomicLong version = new AtomicLong();
    private final Cache<String, Entry> entries =
            Caffeine.newBuilder().maximumSize(MAX_DEVICES).build();

    private static final class Entry {

        private final Set<String> patients = ConcurrentHashMap.newKeySet();
        private volatile boolean complete;
        private volatile long asOf;
        private CompletionStage<Set<String>> pendingLoad;
        private long loadStartedAt;

        private boolean isFresh(Site site) {
            return complete && site.isFresh(asOf);
        }
    }

    /** @param onNewPatient is called with a device that has another patient from now on */
    DevicePatients(ReadingStore readings, Site site, Consumer<String> onNewPatient) {
        this.readings = readings;
        this.site = site;
        this.onNewPatient = onNewPatient;
    }

    /** Returns null if the store has to be queried. The set grows as batches come in. */
    Set<String> cached(String device) {
        var entry = entries.getIfPresent(device);
        return entry != null && entry.isFresh(site) ? entry.patients : null;
    }

    /** The patients that are known, perhaps not all of them. */
    Set<String> lastKnown(String device) {
        var entry = entries.getIfPresent(device);
        return entry == null ? Set.of() : entry.patients;
    }

    /** Grows whenever a device gets another patient. */
    long version() {
        return version.get();
    }

    CompletionStage<Set<String>> load(String device) {
        var entry = entries.get(device, _ -> new Entry());
        if (entry.isFresh(site)) {
            return CompletableFuture.completedStage(entry.patients);
        }
        synchronized (entry) {
            if (entry.pendingLoad == null || !site.isFresh(entry.loadStartedAt)) {
                entry.loadStartedAt = site.now();
                var load = query(device, entry, entry.loadStartedAt);
                // A store in memory may have answered already; then there is nothing to share.
                entry.pendingLoad = load.toCompletableFuture().isDone() ? null : load;
                return load;
            }
            return entry.pendingLoad;
        }
    }

    /** Queries the store. Callers that come while the query is under way share it. */
    private CompletionStage<Set<String>> query(String device, Entry entry, long asOf) {
        return readings.series(new Subject.OfDevice(device))
                .subscribeAsCompletionStage()
                .handle((series, failure) -> {
                    synchronized (entry) {
                        if (entry.loadStartedAt == asOf) {
                            entry.pendingLoad = null;
                        }
                        if (failure == null) {
                            boolean hasNew = false;
                            for (var one : series) {
                                hasNew |= entry.patients.add(one.patient());
                            }
                            if (hasNew && entry.complete) {
                                version.incrementAndGet();
                            }
                            entry.asOf = asOf;
                            entry.complete = true;
                        }
                    }
                    return failure == null
                            ? CompletableFuture.completedStage(entry.patients)
                            : CompletableFuture.<Set<String>>failedStage(failure);
                })
                .thenCompose(stage -> stage);
    }

    /** The store went back to an earlier state. */
    void clear() {
        version.incrementAndGet();
        entries.invalidateAll();
    }

    /** The patient was erased. */
    void removePatient(String patient) {
        entries.asMap().values().forEach(entry -> entry.patients.remove(patient));
    }

    /** A batch of this device and patient is about to be stored. */
    void add(String device, String patient) {
        if (entries.get(device, _ -> new Entry()).patients.add(patient)) {
            version.incrementAndGet();
            onNewPatient.accept(device);
        }
    }
}
