package io.pulseplane.store.edge.tables;

/** Compares sequences, which are unsigned. */
public final class Sequences {

    private Sequences() {}

    public static long max(long a, long b) {
        return Long.compareUnsigned(a, b) >= 0 ? a : b;
    }

    /** Maps a sequence to a signed number, so that the order stays the same. */
    static long toSortable(long sequence) {
        return sequence ^ Long.MIN_VALUE;
    }

    static long fromSortable(long sortable) {
        return sortable ^ Long.MIN_VALUE;
    }
}
