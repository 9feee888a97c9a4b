package io.pulseplane.store.edge.journal;

/** Readings of one series that one batch brought, encoded as a chunk but not sealed, in memory until a chunk on disk has them. */
public record MemtableChunk(byte[] chunk, long firstTime, long lastTime, int count) {}
