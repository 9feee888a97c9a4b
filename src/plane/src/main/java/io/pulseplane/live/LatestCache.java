package io.pulseplane.live;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.pulseplane.assignment.Assignments;
import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.Reading;
import io.pulseplane.vitals.Subject;

/**
 * Caches the latest reading of each code for the subjects of recent queries. The cache is bounded: it evicts the least
 * useful subjects first, and the next query reads them from the store again.
 *
 * <p>The entry of a patient has readings of the devices that count as the patient's, see {@link Assignments}.
 *
 * <p>An entry becomes complete without missing a reading as follows. {@link #entry} adds an empty entry. From then on,
 * the cache merges every published reading into it. The caller reads from the store, and merges the result when it
 * arrives. To merge is to keep the later of two readings, whatever their order, so no lock is needed across both steps.
 */
public final class LatestCache {

    /** The estimated size of an entry without its readings. */
    static final int BYTES_PER_SUBJECT = 256;

    private final Assignments assignments;
    private final Cache<Subject, LatestReadings> entries;

    /** A cache for a plane on which every device counts. */
    public LatestCache(long maxBytes) {
        this(maxBytes, Assignments.any());
    }

    /** @param maxBytes upper bound of the memory of all entries, in bytes; an entry has one reading for each code */
    public LatestCache(long maxBytes, Assignments assignments) {
        this.assignments = assignments;
        this.entries = Caffeine.newBuilder()
                .maximumWeight(maxBytes)
                .weigher((Subject subject, LatestReadings latest) ->
                        BYTES_PER_SUBJECT + subject.id().length() + latest.estimatedBytes())
                // Run maintenance on the calling thread, so that no thread pool has to start.
                .executor(Runnable::run)
                .build();
    }

    /** Returns the entry of a subject. The entry has all codes only if {@link LatestReadings#isComplete} is true. */
    public LatestReadings entry(Subject subject) {
        var cached = entries.getIfPresent(subject);
        return cached != null ? cached : entries.get(subject, _ -> new LatestReadings(() -> reweigh(subject)));
    }

    /** Weighs an entry again after it has grown, unless the cache evicted it meanwhile. */
    private void reweigh(Subject subject) {
        entries.asMap().computeIfPresent(subject, (_, latest) -> latest);
    }

    /** Removes this entry of a subject, but not another one that replaced it. */
    public void evict(Subject subject, LatestReadings latest) {
        entries.asMap().remove(subject, latest);
    }

    /** Removes the entry of an erased patient, and those of devices that have readings of the patient. */
    public void evictPatient(String patient) {
        entries.asMap().entrySet().removeIf(entry -> switch (entry.getKey()) {
            case Subject.OfPatient(var id) -> id.equals(patient);
            case Subject.OfDevice _ ->
                entry.getValue().readings().stream()
                        .anyMatch(reading -> reading.series().patient().equals(patient));
        });
    }

    /** Removes all entries. */
    public void clear() {
        entries.invalidateAll();
    }

    /** Merges the last of these readings, which are durable and ascend in time. */
    public void publish(Columns readings) {
        var series = readings.series();
        int last = readings.size() - 1;
        publish(new Reading(series, readings.times()[last], readings.values()[last]));
    }

    /** Merges a durable reading into the entries of its patient and its device, if the cache has them. */
    public void publish(Reading reading) {
        mergeOfPatient(new Subject.OfPatient(reading.series().patient()), reading);
        var ofDevice =
                entries.getIfPresent(new Subject.OfDevice(reading.series().device()));
        if (ofDevice != null) {
            ofDevice.merge(reading);
        }
    }

    /**
     * Takes the entry before it looks at the assignments. When these change, the entry is evicted, and so is what an
     * assignment that ended has let in.
     */
    private void mergeOfPatient(Subject.OfPatient patient, Reading reading) {
        var entry = entries.getIfPresent(patient);
        if (entry == null) {
            return;
        }
        var devices = assignments.cached(patient.id());
        if (devices == null) {
            // Only the store knows whether the reading counts: the next query asks it.
            evict(patient, entry);
        } else if (devices.serves(reading)) {
            entry.merge(reading);
        }
    }
}
