package io.pulseplane.store.edge;

/** Readings of one series that one batch brought, encoded as a chunk but not sealed, in memory until a chunk on disk has them. */
record Piece(byte[] chunk, long first, long last, int count) {}
