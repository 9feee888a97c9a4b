package io.pulseplane.live;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.Reading;
import io.pulseplane.vitals.Subject;

/**
 * The latest reading of each code, in memory, of the subjects somebody asked about lately. Bounded: the least useful
 * subjects are forgotten first and come back from the store.
 *
 * <p>How an entry becomes complete without missing a reading: {@link #entry} puts an empty one here, from then on every
 * published reading is merged into it, and what the store knew is merged when it arrives. The latest of two readings is
 * the latest in whatever order they come, so no lock spans the two.
 */
public final class LatestCache {

    /** What a subject takes beside its readings. */
    static final int BYTES_PER_SUBJECT = 256;

    private final Cache<Subject, LatestReadings> entries;

    /** @param maxBytes that patients and devices may take, each with one reading per code */
    public LatestCache(long maxBytes) {
        this.entries = Caffeine.newBuilder()
                .maximumWeight(maxBytes)
                .weigher((Subject subject, LatestReadings latest) ->
                        BYTES_PER_SUBJECT + subject.id().length() + latest.estimatedBytes())
                // Maintenance runs where the work is; a pool would have to be started for it.
                .executor(Runnable::run)
                .build();
    }

    /** What is known of a subject; if {@link LatestReadings#isComplete} says so, all there is. */
    public LatestReadings entry(Subject subject) {
        var known = entries.getIfPresent(subject);
        return known != null ? known : entries.get(subject, _ -> new LatestReadings(() -> reweigh(subject)));
    }

    /** Weighs what has grown; if it was forgotten meanwhile, it stays so. */
    private void reweigh(Subject subject) {
        entries.asMap().computeIfPresent(subject, (_, latest) -> latest);
    }

    /** Forgets an entry that turned out to be of nobody. */
    public void evict(Subject subject, LatestReadings latest) {
        entries.asMap().remove(subject, latest);
    }

    /** Forgets a patient who was erased, and what devices measured of this patient. */
    public void evictPatient(String patient) {
        entries.asMap().entrySet().removeIf(entry -> switch (entry.getKey()) {
            case Subject.OfPatient(var id) -> id.equals(patient);
            case Subject.OfDevice _ ->
                entry.getValue().readings().stream()
                        .anyMatch(reading -> reading.series().patient().equals(patient));
        });
    }

    /** Takes note of readings that have just become durable, ascending in time. */
    public void publish(Columns fresh) {
        var series = fresh.series();
        int last = fresh.size() - 1;
        publish(new Reading(series, fresh.times()[last], fresh.values()[last]));
    }

    /** Takes note of a reading that is durable. */
    public void publish(Reading reading) {
        merge(new Subject.OfPatient(reading.series().patient()), reading);
        merge(new Subject.OfDevice(reading.series().device()), reading);
    }

    private void merge(Subject subject, Reading reading) {
        var known = entries.getIfPresent(subject);
        if (known != null) {
            known.merge(reading);
        }
    }
}
