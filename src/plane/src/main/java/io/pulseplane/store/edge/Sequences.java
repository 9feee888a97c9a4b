package io.pulseplane.store.edge;

/** Sequences are unsigned. */
final class Sequences {

    private Sequences() {}

    static long later(long a, long b) {
        return Long.compareUnsigned(a, b) >= 0 ? a : b;
    }

    /** As a number whose signed order is that of the sequences. */
    static long sortable(long sequence) {
        return sequence ^ Long.MIN_VALUE;
    }

    static long fromSortable(long sortable) {
        return sortable ^ Long.MIN_VALUE;
    }
}
