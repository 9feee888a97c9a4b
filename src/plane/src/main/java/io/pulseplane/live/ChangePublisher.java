package io.pulseplane.live;

import io.pulseplane.assignment.Assignments;
import io.pulseplane.store.ChangeListener;
import io.pulseplane.store.Site;
import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.Reading;
import io.pulseplane.vitals.Subject;

/**
 * Publishes every change to the latest values and the watchers of this plane, and to the other planes of the site.
 */
public final class ChangePublisher implements ChangeListener {

    private final LatestCache latest;
    private final Watchers watchers;
    private final Site site;
    private final Assignments assignments;

    /** A publisher for a plane on which every device counts. */
    public ChangePublisher(LatestCache latest, Watchers watchers, Site site) {
        this(latest, watchers, site, Assignments.any());
    }

    public ChangePublisher(LatestCache latest, Watchers watchers, Site site, Assignments assignments) {
        this.assignments = assignments;
        this.latest = latest;
        this.watchers = watchers;
        this.site = site;
    }

    @Override
    public void readingsStored(Columns readings) {
        latest.publish(readings);
        watchers.publish(readings);
        site.readingsStored(readings);
    }

    /**
     * Announces the readings to other planes, which may have missed them, but not to watchers: the readings are not
     * new.
     */
    @Override
    public void readingsConfirmed(Columns readings) {
        if (site.isShared()) {
            latest.publish(readings);
            site.readingsStored(readings);
        }
    }

    /** Evicts both subjects, so that the next query reads their latest values from the store. */
    @Override
    public void readingsDisplaced(Columns readings) {
        var series = readings.series();
        evict(new Subject.OfPatient(series.patient()));
        evict(new Subject.OfDevice(series.device()));
    }

    private void evict(Subject subject) {
        latest.evict(subject, latest.entry(subject));
    }

    @Override
    public void consentChanged(String patient) {
        site.consentChanged(patient);
    }

    @Override
    public void deviceChanged(String device) {
        site.deviceChanged(device);
    }

    /** Forgets the assignments before the latest values, which a query in between would read by the old ones. */
    @Override
    public void assignmentChanged(String patient) {
        assignmentChangedElsewhere(patient);
        site.assignmentChanged(patient);
    }

    /** Drops what this plane remembers of a patient whose assignments another plane changed and announced. */
    public void assignmentChangedElsewhere(String patient) {
        assignments.invalidate(patient);
        evict(new Subject.OfPatient(patient));
    }

    /**
     * Announces the erasure to the site first. In the other order, a query in between could read the patient's readings
     * from Redis, under the generation that is still valid, and cache them again.
     */
    @Override
    public void patientErased(String patient) {
        site.patientErased(patient);
        patientErasedElsewhere(patient);
    }

    /** The store went back to an earlier state: the next query of each subject reads its latest values again. */
    public void storeWentBack() {
        assignments.clear();
        latest.clear();
    }

    /** Drops what this plane remembers of a patient whom another plane erased and announced. */
    public void patientErasedElsewhere(String patient) {
        assignments.invalidate(patient);
        latest.evictPatient(patient);
    }

    /**
     * Publishes a reading that another plane stored and announced: only to the latest values and watchers of this
     * plane.
     */
    public void readingStoredElsewhere(Reading reading) {
        latest.publish(reading);
        watchers.publish(new Columns(reading.series(), new long[] {reading.time()}, new double[] {reading.value()}));
    }
}
