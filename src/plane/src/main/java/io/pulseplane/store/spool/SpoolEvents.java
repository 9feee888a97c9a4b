package io.pulseplane.store.spool;

/** Receives events of the spool, for metrics. The spool's threads call it; methods must not block. */
public interface SpoolEvents {

    SpoolEvents NONE = new SpoolEvents() {};

    /** Batches became durable in the spool. */
    default void spooled(int batches) {}

    /** The spool refused the batches of a group, because they do not fit. */
    default void refused(int batches) {}

    /** Spooled batches were forwarded to the store. */
    default void forwarded(int batches) {}

    /** An attempt to forward batches failed. */
    default void failed() {}
}
