package io.pulseplane.store.edge.journal;

/**
 * Readings of one series from one batch, encoded as a chunk but not sealed. They stay in memory until they are in a
 * chunk on disk.
 */
public record MemtableChunk(byte[] chunk, long firstTime, long lastTime, int count) {}
