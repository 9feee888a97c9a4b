package io.pulseplane.store;

import io.pulseplane.vitals.Columns;

/**
 * Told of what this plane stores and changes, so that whoever remembers or watches it can follow.
 *
 * <p>No method blocks. Each is called when the change is durable and before it is acknowledged.
 */
public interface ChangeListener {

    /** These readings are new: they were stored on this plane, or wait in its spool. */
    void readingsStored(Columns readings);

    /**
     * These readings turned out to be in the store: their batch came again, or was handed on from the spool. Whoever stored
     * them first may not have lived to tell other planes.
     */
    void readingsConfirmed(Columns readings);

    /** The store has something else than these readings, although they were told as stored. */
    void readingsDisplaced(Columns readings);

    void consentChanged(String patient);

    void deviceChanged(String device);

    void patientErased(String patient);
}
