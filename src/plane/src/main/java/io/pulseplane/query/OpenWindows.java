package io.pulseplane.query;

import io.pulseplane.store.WindowAggregates;
import java.util.Arrays;

/**
 * Windows that may still get readings, ascending by their index: start divided by width. Most are added after all others and
 * taken from the front, which costs an array's element.
 */
final class OpenWindows {

    private final double[] quantiles;
    private long[] indexes = new long[64];
    private RunningStatistics[] statistics = new RunningStatistics[64];
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
    RunningStatistics removeFirst() {
        var first = statistics[head];
        statistics[head++] = null;
        if (head == tail) {
            head = 0;
            tail = 0;
        }
        return first;
    }

    /** The window with this index, which is made if there is none. */
    RunningStatistics getOrCreate(long index) {
        if (isEmpty() || index > indexes[tail - 1]) {
            return append(index);
        }
        int place = Arrays.binarySearch(indexes, head, tail, index);
        if (place >= 0) {
            return statistics[place];
        }
        ensureCapacity(1);
        // Room may have been made by moving all to the front.
        place = -Arrays.binarySearch(indexes, head, tail, index) - 1;
        System.arraycopy(indexes, place, indexes, place + 1, tail - place);
        System.arraycopy(statistics, place, statistics, place + 1, tail - place);
        tail++;
        indexes[place] = index;
        statistics[place] = new RunningStatistics(quantiles);
        return statistics[place];
    }

    private RunningStatistics append(long index) {
        ensureCapacity(1);
        indexes[tail] = index;
        statistics[tail] = new RunningStatistics(quantiles);
        return statistics[tail++];
    }

    private void ensureCapacity(int more) {
        if (tail + more > indexes.length) {
            int size = tail - head;
            int capacity = Math.max(size + more, size > indexes.length / 2 ? 2 * indexes.length : indexes.length);
            var movedIndexes = new long[capacity];
            var moved = new RunningStatistics[capacity];
            System.arraycopy(indexes, head, movedIndexes, 0, size);
            System.arraycopy(statistics, head, moved, 0, size);
            indexes = movedIndexes;
            statistics = moved;
            head = 0;
            tail = size;
        }
    }

    /** Adds windows of one series, which ascend, in one pass: each may be added to one that is there. */
    void add(WindowAggregates aggregates) {
        if (aggregates.size() == 0) {
            return;
        }
        if (isEmpty() || aggregates.windowIndexes()[0] > indexes[tail - 1]) {
            ensureCapacity(aggregates.size());
            for (int i = 0; i < aggregates.size(); i++) {
                append(aggregates.windowIndexes()[i]).add(aggregates, i);
            }
        } else {
            merge(aggregates);
        }
    }

    private void merge(WindowAggregates aggregates) {
        int room = tail - head + aggregates.size();
        var mergedIndexes = new long[room];
        var merged = new RunningStatistics[room];
        int size = 0;
        int mine = head;
        for (int i = 0; i < aggregates.size(); i++) {
            long index = aggregates.windowIndexes()[i];
            while (mine < tail && indexes[mine] < index) {
                mergedIndexes[size] = indexes[mine];
                merged[size++] = statistics[mine++];
            }
            boolean isThere = mine < tail && indexes[mine] == index;
            var summary = isThere ? statistics[mine++] : new RunningStatistics(quantiles);
            summary.add(aggregates, i);
            mergedIndexes[size] = index;
            merged[size++] = summary;
        }
        int rest = tail - mine;
        System.arraycopy(indexes, mine, mergedIndexes, size, rest);
        System.arraycopy(statistics, mine, merged, size, rest);
        indexes = mergedIndexes;
        statistics = merged;
        head = 0;
        tail = size + rest;
    }
}
