/**
 * Where batches wait on this machine while the store of the site does not answer: durable, in order, sealed, bounded.
 *
 * <p>{@link SpoolingStore} stands before the store. A group that the store does not take goes into {@link SpoolFile}, and so
 * does every one after it, until {@link Forwarder} has handed on all of them in their order. Batches are known by device and
 * sequence, so whatever is handed on twice, because an answer was lost or a plane died, is stored once.
 */
package io.pulseplane.store.spool;
