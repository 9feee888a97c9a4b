/**
 * Batches on their way into the store, and series on their way out.
 *
 * <p>A group of batches is one entry of the journal: one row, one sync. Until maintenance has made chunks of it, its readings
 * are also in the memtable, still encoded, and are read from there. A start reads the journal and nothing else.
 */
package io.pulseplane.store.edge.journal;
