package io.pulseplane.live;

import io.pulseplane.assignment.Assignments;
import io.pulseplane.vitals.Columns;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.CopyOnWriteArrayList;

/** Keeps the watches by patient, and publishes durable readings to them. */
public final class Watchers {

    private final ConcurrentMap<String, CopyOnWriteArrayList<Watch>> watchesByPatient = new ConcurrentHashMap<>();
    private final int maxPendingReadings;
    private final Assignments assignments;

    /** Watchers of a plane on which every device counts. */
    public Watchers(int maxPendingReadings) {
        this(maxPendingReadings, Assignments.any());
    }

    /** @param maxPendingReadings how many readings may wait for one watcher before its watch fails */
    public Watchers(int maxPendingReadings, Assignments assignments) {
        this.maxPendingReadings = maxPendingReadings;
        this.assignments = assignments;
    }

    /** Starts a watch that is bounded by its readings alone. */
    public Watch watch(Set<String> patients, Set<String> codes) {
        return watch(patients, codes, _ -> {});
    }

    /**
     * Starts a watch. The watch collects readings from now on, and ends when its subscription is cancelled. It allows
     * one subscriber.
     *
     * @param codes the codes to watch; all if empty
     * @param memory where the watch gets the memory for readings that wait
     */
    public Watch watch(Set<String> patients, Set<String> codes, PendingMemory memory) {
        var watchedPatients = Set.copyOf(patients);
        var watch = new Watch(
                codes,
                maxPendingReadings,
                memory,
                assignments,
                endedWatch -> watchedPatients.forEach(patient -> remove(patient, endedWatch)));
        for (var patient : watchedPatients) {
            watchesByPatient.compute(patient, (_, watches) -> {
                var watchesOfPatient = watches == null ? new CopyOnWriteArrayList<Watch>() : watches;
                watchesOfPatient.add(watch);
                return watchesOfPatient;
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

    /** Publishes readings that became durable, on this plane or on another. */
    public void publish(Columns readings) {
        var watches = watchesByPatient.get(readings.series().patient());
        if (watches != null) {
            for (var watch : watches) {
                watch.offer(readings);
            }
        }
    }

    /** Returns the number of patients with at least one watcher. */
    public int watchedPatientCount() {
        return watchesByPatient.size();
    }
}
