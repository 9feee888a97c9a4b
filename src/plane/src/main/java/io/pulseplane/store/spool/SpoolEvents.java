package io.pulseplane.store.spool;

/** What happens to batches that wait, for those who count. Called by the spool's threads; must not block. */
public interface SpoolEvents {

    SpoolEvents NONE = new SpoolEvents() {};

    /** So many batches became durable here, and wait. */
    default void spooled(int batches) {}

    /** So many batches, of a group that does not fit, were not taken. */
    default void refused(int batches) {}

    /** So many batches that had waited are with the store now. */
    default void forwarded(int batches) {}

    /** An attempt to hand batches on failed. */
    default void failed() {}
}
