package io.pulseplane.live;

import io.pulseplane.vitals.Columns;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.CopyOnWriteArrayList;

/** Those who want to know of readings as they become durable. */
public final class Watchers {

    private final ConcurrentMap<String, CopyOnWriteArrayList<Watch>> watchesByPatient = new ConcurrentHashMap<>();
    private final int maxPendingReadings;

    /** @param maxReadings how many readings may wait for one watcher before it is cut off */
    public Watchers(int maxReadings) {
        this.maxPendingReadings = maxReadings;
    }

    /**
     * Begins to watch. The watch collects from now on and ends when its subscription is cancelled; it has one subscriber.
     *
     * @param codes of which codes; of all when empty
     */
    public Watch watch(Set<String> patients, Set<String> codes) {
        var watched = Set.copyOf(patients);
        var watch = new Watch(codes, maxPendingReadings, w -> watched.forEach(patient -> remove(patient, w)));
        for (var patient : watched) {
            watchesByPatient.compute(patient, (_, watches) -> {
                var all = watches == null ? new CopyOnWriteArrayList<Watch>() : watches;
                all.add(watch);
                return all;
            });
        }
        return watch;
    }

    private void remove(String patient, Watch watch) {
        watchesByPatient.computeIfPresent(patient, (_, watches) -> {
            watches.remove(watch);
            return watches.isEmpty() ? null : watches;
        });
    }

    /** Hands on readings that have just become durable, here or on another plane. */
    public void publish(Columns fresh) {
        var watches = watchesByPatient.get(fresh.series().patient());
        if (watches != null) {
            for (var watch : watches) {
                watch.offer(fresh);
            }
        }
    }

    /** How many watched patients there are, counted once for all their watchers. */
    public int watchedPatientCount() {
        return watchesByPatient.size();
    }
}
