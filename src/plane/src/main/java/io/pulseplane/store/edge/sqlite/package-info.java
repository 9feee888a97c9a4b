/**
 * Connections to SQLite and the threads that use them: one that writes, a few that read, and one for maintenance.
 *
 * <p>The write-ahead log is synced at every commit ({@code synchronous=FULL}), so a commit that returned survives a power
 * cut. Readers see what was committed and never wait for the writer. No other package of the store names the driver.
 */
package io.pulseplane.store.edge.sqlite;
