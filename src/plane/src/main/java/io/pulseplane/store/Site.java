package io.pulseplane.store;

import io.pulseplane.vitals.Columns;

/**
 * The planes that share one store. Each plane announces its changes to the others, so that every plane can serve what
 * it has read from its caches.
 *
 * <p>The promise of a site: an answer from a cache includes every change that any plane acknowledged longer ago than a
 * bound. To keep it, a plane calls {@link #isFresh} before it serves anything from a cache.
 *
 * <p>Times come from a clock of the site, and are comparable only with each other.
 */
public interface Site {

    /** The site of a plane that does not share its store. */
    @SuppressWarnings(
            "ClassInitializationDeadlock") // UnsharedSite is package-private, and only this line initialises it
    Site SINGLE_PLANE = new UnsharedSite();

    /** Returns whether other planes may write to the store. */
    boolean isShared();

    /** Returns the time of the site. A cache takes it before it reads from the store, and keeps it with the result. */
    long now();

    /**
     * Returns whether a cached answer may still be served: one that was complete at {@code asOf}, and to which the
     * cache added every change that was announced since.
     */
    boolean isFresh(long asOf);

    /** Returns the epoch. A cached decision of access stays valid while the epoch does not change. */
    long epoch();

    /**
     * Announces readings that are durable on this plane. Never blocks; the plane calls it before it acknowledges them.
     */
    void readingsStored(Columns readings);

    /**
     * Announces a consent that this plane recorded. Never blocks; the plane calls it before it acknowledges the
     * consent.
     */
    void consentChanged(String patient);

    /**
     * Announces a patient whom this plane erased. No plane serves cached data of the patient longer than the bound of
     * the site. Never blocks; the plane calls it before it acknowledges the erasure.
     */
    default void patientErased(String patient) {
        consentChanged(patient);
    }

    /**
     * Announces that a device was put on this patient, or taken off. The other planes drop what they remember of the
     * patient, as after a change of consent. Never blocks; the plane calls it before it acknowledges the assignment.
     */
    default void assignmentChanged(String patient) {
        consentChanged(patient);
    }

    /**
     * Announces a device that this plane changed. Never blocks; the plane calls it before it acknowledges the change.
     */
    void deviceChanged(String device);
}
