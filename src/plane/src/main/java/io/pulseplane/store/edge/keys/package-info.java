/**
 * The data keys of the store, and how rows are sealed under them. Every patient has a data key, wrapped under the
 * node's key. The keys are in a database of their own. To erase a patient, the store destroys the key.
 *
 * <p>Promises: a key is on disk before anything is sealed under it; a destroyed key is overwritten; every sealed
 * payload is bound to its row, so that one that was moved to another row cannot be opened.
 */
package io.pulseplane.store.edge.keys;
