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

/**
 * Of whom a device has readings. Who asks for a device's readings asks for those of all of them.
 *
 * <p>A batch on its way in is noted before it is stored, so that nobody reads of a patient the gate has not heard of. Of a batch that another plane stores, it hears within the bound of the site.
 */
final class DevicePatients {

    private static final int MAX_DEVICES = 100_000;

    private final ReadingStore readings;
    private final Site site;
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

    DevicePatients(ReadingStore readings, Site site) {
        this.readings = readings;
        this.site = site;
    }

    /** What is known at once; null if the store has to be asked. Grows as batches come in. */
    Set<String> cached(String device) {
        var entry = entries.getIfPresent(device);
        return entry != null && entry.isFresh(site) ? entry.patients : null;
    }

    CompletionStage<Set<String>> load(String device) {
        var entry = entries.get(device, _ -> new Entry());
        if (entry.isFresh(site)) {
            return CompletableFuture.completedStage(entry.patients);
        }
        synchronized (entry) {
            if (entry.pendingLoad == null || !site.isFresh(entry.loadStartedAt)) {
                entry.loadStartedAt = site.now();
                var asking = query(device, entry, entry.loadStartedAt);
                // Or it is answered already, and there is nothing to wait for.
                entry.pendingLoad = asking.toCompletableFuture().isDone() ? null : asking;
                return asking;
            }
            return entry.pendingLoad;
        }
    }

    /** One question at a time, however many ask. */
    private CompletionStage<Set<String>> query(String device, Entry entry, long asOf) {
        return readings.series(new Subject.OfDevice(device))
                .subscribeAsCompletionStage()
                .handle((series, failure) -> {
                    synchronized (entry) {
                        if (entry.loadStartedAt == asOf) {
                            entry.pendingLoad = null;
                        }
                        if (failure == null) {
                            series.forEach(s -> entry.patients.add(s.patient()));
                            entry.asOf = asOf;
                            entry.complete = true;
                        }
                    }
                    return failure == null
                            ? CompletableFuture.completedStage(entry.patients)
                            : CompletableFuture.<Set<String>>failedStage(failure);
                })
                .thenCompose(answer -> answer);
    }

    /** There is nothing of this patient any more. */
    void removePatient(String patient) {
        entries.asMap().values().forEach(entry -> entry.patients.remove(patient));
    }

    /** A batch of this device and patient is about to be stored. */
    void add(String device, String patient) {
        entries.get(device, _ -> new Entry()).patients.add(patient);
    }
}
