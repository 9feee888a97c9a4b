/**
 * Connections to SQLite and the threads that use them: one that writes, a few that read, and one for maintenance.
 *
 * <p>SQLite syncs the write-ahead log at every commit ({@code synchronous=FULL}), so a commit that returned survives a
 * power cut. Readers see committed data and never wait for the writer. No other package of the store uses the driver.
 */
package io.pulseplane.store.edge.sqlite;
