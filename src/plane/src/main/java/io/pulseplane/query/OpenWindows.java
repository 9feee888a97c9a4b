package io.pulseplane.query;

import io.pulseplane.store.Aggregates;
import java.util.Arrays;

/**
 * Windows that may still get readings, ascending by their index: start divided by width. Most are added after all others and
 * taken from the front, which costs an array's element.
 */
final class OpenWindows {

    private final double[] quantiles;
    private long[] indexes = new long[64];
    private Summary[] summaries = new Summary[64];
    private int head;
    private int tail;

    OpenWindows(double[] quantiles) {
        this.quantiles = quantiles;
    }

    boolean isEmpty() {
        return head == tail;
    }

    long firstIndex() {
        return indexes[head];
    }

    /** Takes the first window out. */
    Summary removeFirst() {
        var first = summaries[head];
        summaries[head++] = null;
        if (head == tail) {
            head = 0;
            tail = 0;
        }
        return first;
    }

    /** The window with this index, which is made if there is none. */
    Summary at(long index) {
        if (isEmpty() || index > indexes[tail - 1]) {
            return append(index);
        }
        int place = Arrays.binarySearch(indexes, head, tail, index);
        if (place >= 0) {
            return summaries[place];
        }
        makeRoom(1);
        // Room may have been made by moving all to the front.
        place = -Arrays.binarySearch(indexes, head, tail, index) - 1;
        System.arraycopy(indexes, place, indexes, place + 1, tail - place);
        System.arraycopy(summaries, place, summaries, place + 1, tail - place);
        tail++;
        indexes[place] = index;
        summaries[place] = new Summary(quantiles);
        return summaries[place];
    }

    private Summary append(long index) {
        makeRoom(1);
        indexes[tail] = index;
        summaries[tail] = new Summary(quantiles);
        return summaries[tail++];
    }

    private void makeRoom(int more) {
        if (tail + more > indexes.length) {
            int size = tail - head;
            int capacity = Math.max(size + more, size > indexes.length / 2 ? 2 * indexes.length : indexes.length);
            var movedIndexes = new long[capacity];
            var moved = new Summary[capacity];
            System.arraycopy(indexes, head, movedIndexes, 0, size);
            System.arraycopy(summaries, head, moved, 0, size);
            indexes = movedIndexes;
            summaries = moved;
            head = 0;
            tail = size;
        }
    }

    /** Adds windows of one series, which ascend, in one pass: each may be added to one that is there. */
    void add(Aggregates aggregates) {
        if (aggregates.size() == 0) {
            return;
        }
        if (isEmpty() || aggregates.indexes()[0] > indexes[tail - 1]) {
            makeRoom(aggregates.size());
            for (int i = 0; i < aggregates.size(); i++) {
                append(aggregates.indexes()[i]).add(aggregates, i);
            }
        } else {
            merge(aggregates);
        }
    }

    private void merge(Aggregates aggregates) {
        int room = tail - head + aggregates.size();
        var mergedIndexes = new long[room];
        var merged = new Summary[room];
        int size = 0;
        int mine = head;
        for (int i = 0; i < aggregates.size(); i++) {
            long index = aggregates.indexes()[i];
            while (mine < tail && indexes[mine] < index) {
                mergedIndexes[size] = indexes[mine];
                merged[size++] = summaries[mine++];
            }
            boolean isThere = mine < tail && indexes[mine] == index;
            var summary = isThere ? summaries[mine++] : new Summary(quantiles);
            summary.add(aggregates, i);
            mergedIndexes[size] = index;
            merged[size++] = summary;
        }
        int rest = tail - mine;
        System.arraycopy(indexes, mine, mergedIndexes, size, rest);
        System.arraycopy(summaries, mine, merged, size, rest);
        indexes = mergedIndexes;
        summaries = merged;
        head = 0;
        tail = size + rest;
    }
}
