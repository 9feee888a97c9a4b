/**
 * The keys of the store and what they encrypt. Every patient has a data key, wrapped by the node's key, in a database of its
 * own; to erase a patient is to destroy the key.
 *
 * <p>Promises: a key is on disk before anything is encrypted with it; a destroyed key is overwritten; every encrypted row is
 * bound to its place, so that rows cannot be exchanged unseen.
 */
package io.pulseplane.store.edge.keys;
