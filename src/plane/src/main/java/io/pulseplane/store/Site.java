package io.pulseplane.store;

import io.pulseplane.vitals.Columns;

/**
 * The planes that keep one store: what one of them has stored or changed, the others hear of, so that each may remember
 * what it read and serve it without asking again.
 *
 * <p>The promise, for all of them: whatever a plane serves from memory knows of everything that any plane acknowledged
 * longer ago than a bound. It is kept by asking {@link #isFresh} before anything remembered is served.
 *
 * <p>Times are of a clock of the site's own, that nothing else is measured by.
 */
public interface Site {

    /** A plane that has its store to itself. */
    Site SINGLE_PLANE = new UnsharedSite();

    /** Whether there may be others who write. */
    boolean isShared();

    /** To be taken before the store is asked, and kept beside its answer. */
    long now();

    /**
     * Whether an answer may still be served that was complete as of then and that everything heard of since was added to.
     */
    boolean isFresh(long asOf);

    /** A decision that was made by what held then stands while this stays as it is. */
    long epoch();

    /** Readings have just become durable here. Never blocks; to be called before they are acknowledged. */
    void readingsStored(Columns fresh);

    /** A consent has just been recorded here. Never blocks; to be called before it is acknowledged. */
    void consentChanged(String patient);

    /**
     * A patient has just been erased here. Nothing that anybody remembers of this patient is served longer than anything else
     * that has changed. Never blocks; to be called before it is acknowledged.
     */
    default void patientErased(String patient) {
        consentChanged(patient);
    }

    /** A device has just been changed here. Never blocks; to be called before it is acknowledged. */
    void deviceChanged(String device);
}
