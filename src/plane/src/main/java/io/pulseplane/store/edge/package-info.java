/**
 * The store of an edge box: two SQLite databases in the data directory.
 *
 * <p>{@link io.pulseplane.store.edge.EdgeStore} is the entry, and puts the parts together. Each part uses those below
 * it:
 *
 * <ul>
 *   <li>{@code salvage} gets out of a damaged store what is whole;
 *   <li>{@code maintenance} turns the journal into chunks, erases, applies retention, keeps to the disk budget,
 *   verifies;
 *   <li>{@code journal} makes batches durable and reads series from journal and chunks alike;
 *   <li>{@code tables} has one class for each table;
 *   <li>{@code keys} keeps a data key for each patient, and seals rows under it;
 *   <li>{@code sqlite} has the connections and the threads that use them.
 * </ul>
 *
 * <p>Promises: a batch is synced before it is acknowledged, and survives a power cut; a batch is stored once; nobody
 * can read anything about a patient from the files without the node's key; when an erasure returns, nobody can read the
 * patient's data any more; damaged data is reported as DATA_LOSS, and damage to one chunk or batch loses no other.
 */
package io.pulseplane.store.edge;
