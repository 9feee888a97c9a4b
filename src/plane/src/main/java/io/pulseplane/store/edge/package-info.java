/**
 * The store of an edge box: one SQLite database in the data directory.
 *
 * <p>SQLite blocks, so it has threads of its own: one that writes, a few that read. The write-ahead log is synced at
 * every commit ({@code synchronous=FULL}); readers see what was committed and never wait for the writer.
 */
package io.pulseplane.store.edge;
