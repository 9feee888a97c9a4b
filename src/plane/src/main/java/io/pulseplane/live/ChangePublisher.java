package io.pulseplane.live;

import io.pulseplane.store.ChangeListener;
import io.pulseplane.store.Site;
import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.Reading;
import io.pulseplane.vitals.Subject;

/** Passes every change on: to the latest values and the watchers of this plane, and to the other planes of the site. */
public final class ChangePublisher implements ChangeListener {

    private final LatestCache latest;
    private final Watchers watchers;
    private final Site site;

    public ChangePublisher(LatestCache latest, Watchers watchers, Site site) {
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

    /** Only other planes may not have heard of them. Watchers are not told: they would see old readings as new ones. */
    @Override
    public void readingsConfirmed(Columns readings) {
        if (site.isShared()) {
            latest.publish(readings);
            site.readingsStored(readings);
        }
    }

    /** The latest values of both subjects are read from the store again. */
    @Override
    public void readingsDisplaced(Columns readings) {
        var series = readings.series();
        forget(new Subject.OfPatient(series.patient()));
        forget(new Subject.OfDevice(series.device()));
    }

    private void forget(Subject subject) {
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

    /**
     * The site comes first. Otherwise a query in between would find the patient's readings in Redis, under the generation
     * that still holds, and remember them again.
     */
    @Override
    public void patientErased(String patient) {
        site.patientErased(patient);
        latest.evictPatient(patient);
    }

    /** Another plane has stored this reading. The site knows. */
    public void readingStoredElsewhere(Reading reading) {
        latest.publish(reading);
        watchers.publish(new Columns(reading.series(), new long[] {reading.time()}, new double[] {reading.value()}));
    }
}
