/**
 * What the store does in the background, on a thread of its own and in small transactions: compaction of the journal
 * into chunks, deletion of the chunks of erased patients and of chunks beyond their retention, checkpoints, and giving
 * free pages back. And what an operator asks for: inspection and verification.
 *
 * <p>Maintenance may be interrupted at any point; the next start goes on.
 */
package io.pulseplane.store.edge.maintenance;
