package io.pulseplane.store.edge;

/**
 * Readings of one series that one batch brought, encoded as a chunk but not sealed, in memory until a chunk on disk has them.
 *
 * @param entry the entry of the journal that keeps them meanwhile
 */
record Piece(long entry, byte[] chunk, long first, long last, int count) {}
