/**
 * The store of an edge box: SQLite databases in the data directory, and nothing beside them.
 *
 * <p>{@link io.pulseplane.store.edge.EdgeStore} is the front and puts the parts together. Each part uses those below it:
 *
 * <ul>
 *   <li>{@code maintenance} turns the journal into chunks, erases, applies retention, keeps to the disk budget, verifies;
 *   <li>{@code journal} makes batches durable and reads series from journal and chunks alike;
 *   <li>{@code tables} has one class for each table;
 *   <li>{@code keys} holds a data key for each patient, and encrypts rows;
 *   <li>{@code sqlite} has the connections and the threads that use them.
 * </ul>
 *
 * <p>Promises: what was appended is synced before it is acknowledged and is found again after a power cut; a batch is
 * stored once; nothing of a patient can be read from the files without the node's key; an erased patient's data is gone the
 * moment the call returns; what is damaged is reported as DATA_LOSS and costs only itself.
 */
package io.pulseplane.store.edge;
