/**
 * What the store does beside its callers, on a thread of its own, in transactions of at most half a megabyte: compaction of
 * the journal into chunks, collection of erased patients and of readings beyond their retention, checkpoints, and giving
 * space back. And what an operator asks for: inspection and verification.
 *
 * <p>Maintenance may be interrupted at any point; the next start goes on where it ended.
 */
package io.pulseplane.store.edge.maintenance;
