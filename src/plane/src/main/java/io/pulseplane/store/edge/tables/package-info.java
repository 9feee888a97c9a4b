/**
 * One class for each table of the edge store, and the schema with its steps.
 *
 * <p>Every method runs in the session and the transaction of the caller. The ids of patients are stored as keyed
 * hashes, and everything that identifies a patient is sealed.
 */
package io.pulseplane.store.edge.tables;
