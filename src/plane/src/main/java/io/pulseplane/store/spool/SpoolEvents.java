package io.pulseplane.store.spool;

import io.pulseplane.vitals.Columns;

/** What happens to batches that wait, for those who count or have to know. Called by the spool's threads; must not block. */
public interface SpoolEvents {

    SpoolEvents NONE = new SpoolEvents() {};

    /** So many batches became durable here, and wait. */
    default void spooled(int batches) {}

    /** So many batches, of a group that does not fit, were not taken. */
    default void refused(int batches) {}

    /** These readings had waited, and are in the store now. */
    default void forwarded(Columns fresh) {}

    /** So many batches that had waited are with the store now. */
    default void forwarded(int batches) {}

    /** The store has another value for readings of a batch that had waited; the batch is kept aside. */
    default void contradicted(Columns waited) {}

    /** An attempt to hand batches on failed. */
    default void failed() {}
}
