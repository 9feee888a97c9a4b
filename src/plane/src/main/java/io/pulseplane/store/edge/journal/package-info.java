/**
 * Appends batches to the store, and reads series from it.
 *
 * <p>A group of batches is one entry of the journal: one row, one sync. Until maintenance has compacted it into chunks,
 * its readings are also in the memtable, still encoded, and queries read them there. A start reads the journal and no
 * other readings.
 */
package io.pulseplane.store.edge.journal;
