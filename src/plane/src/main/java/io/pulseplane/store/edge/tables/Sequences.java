package io.pulseplane.store.edge.tables;

/** Sequences are unsigned. */
public final class Sequences {

    private Sequences() {}

    public static long max(long a, long b) {
        return Long.compareUnsigned(a, b) >= 0 ? a : b;
    }

    /** As a number whose signed order is that of the sequences. */
    static long toSortable(long sequence) {
        return sequence ^ Long.MIN_VALUE;
    }

    static long fromSortable(long sortable) {
        return sortable ^ Long.MIN_VALUE;
    }
}
