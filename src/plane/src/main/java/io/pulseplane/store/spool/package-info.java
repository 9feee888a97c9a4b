/**
 * The spool: a store-and-forward queue on this machine's disk for the time when the store of the site does not answer.
 * It is durable, ordered, sealed and bounded.
 *
 * <p>{@link io.pulseplane.store.spool.SpoolingStore} wraps the store. If the store does not take a group, the group and
 * every later one go to {@link io.pulseplane.store.spool.SpoolFile}, until {@link io.pulseplane.store.spool.Forwarder}
 * has forwarded all of them in order. The store identifies batches by device and sequence, so a batch that is forwarded
 * twice, because an answer was lost or the plane died, is stored once.
 */
package io.pulseplane.store.spool;
