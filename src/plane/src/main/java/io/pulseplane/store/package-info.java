/**
 * The contract of every store: readings, and the registry of patients and devices. The interfaces state the promises,
 * and one contract test checks them for every store.
 */
package io.pulseplane.store;
