/**
 * Gets everything that is whole out of a store that is damaged, without SQLite, which refuses a file as soon as a page
 * is not what it expects. The result is a store of its own; the damaged one stays as it is.
 */
package io.pulseplane.store.edge.salvage;
