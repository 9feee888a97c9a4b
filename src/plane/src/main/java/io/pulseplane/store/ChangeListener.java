package io.pulseplane.store;

import io.pulseplane.vitals.Columns;

/**
 * Receives every change that this plane stores, so that caches and watchers can follow.
 *
 * <p>No method may block. The store calls each method after the change is durable and before it is acknowledged.
 */
public interface ChangeListener {

    /** This plane stored new readings, or keeps them in its spool. */
    void readingsStored(Columns readings);

    /**
     * The store has these readings: their batch arrived again, or was moved from the spool to the store. The plane that
     * stored them first may have stopped before it announced them.
     */
    void readingsConfirmed(Columns readings);

    /** The store has other values in place of these readings, although the plane announced them as stored. */
    void readingsDisplaced(Columns readings);

    void consentChanged(String patient);

    void deviceChanged(String device);

    /** A device was put on this patient, or taken off. */
    void assignmentChanged(String patient);

    void patientErased(String patient);
}
