package io.pulseplane.vitals;

/** Sorts indexes by the times at them: a stable merge sort without boxing. Sorted input costs one pass. */
final class TimeSort {

    private TimeSort() {}

    /** Sorts the first {@code size} indexes so that {@code times[indexes[i]]} ascends; equal times keep their order. */
    static void sort(int[] indexes, int size, long[] times) {
        if (isSorted(indexes, size, times)) {
            return;
        }
        var from = indexes;
        var to = new int[size];
        for (int width = 1; width < size; width *= 2) {
            for (int start = 0; start < size; start += 2 * width) {
                int middle = Math.min(start + width, size);
                merge(from, to, start, middle, Math.min(start + 2 * width, size), times);
            }
            var swap = from;
            from = to;
            to = swap;
        }
        if (from != indexes) {
            System.arraycopy(from, 0, indexes, 0, size);
        }
    }

    private static boolean isSorted(int[] indexes, int size, long[] times) {
        for (int i = 1; i < size; i++) {
            if (times[indexes[i]] < times[indexes[i - 1]]) {
                return false;
            }
        }
        return true;
    }

    private static void merge(int[] from, int[] to, int start, int middle, int end, long[] times) {
        int left = start;
        int right = middle;
        for (int i = start; i < end; i++) {
            boolean takeLeft = left < middle && (right >= end || times[from[left]] <= times[from[right]]);
            to[i] = from[takeLeft ? left++ : right++];
        }
    }
}
