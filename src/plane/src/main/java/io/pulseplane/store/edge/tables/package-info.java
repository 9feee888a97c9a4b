/**
 * One class for each table of the edge store, the schema and its steps, and the bytes of the rows.
 *
 * <p>Every method runs in the session and the transaction that the caller hands in. Ids are stored as keyed hashes; what
 * names a patient is encrypted.
 */
package io.pulseplane.store.edge.tables;
