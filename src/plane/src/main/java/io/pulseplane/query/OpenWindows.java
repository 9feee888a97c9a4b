package io.pulseplane.query;

import io.pulseplane.store.WindowAggregates;
import java.util.Arrays;

/**
 * The windows that may still get readings, ascending by their index. Most windows are added at the end and removed from
 * the front; both take constant time.
 */
final class OpenWindows {

    private final double[] quantiles;
    private final AnswerBudget.Account account;
    private long[] indexes = new long[64];
    private RunningStatistics[] statistics = new RunningStatistics[64];
    private int head;
    private int tail;

    OpenWindows(double[] quantiles, AnswerBudget.Account account) {
        this.quantiles = quantiles;
        this.account = account;
    }

    boolean isEmpty() {
        return head == tail;
    }

    long firstIndex() {
        return indexes[head];
    }

    /** Removes and returns the first window. */
    RunningStatistics removeFirst() {
        var first = statistics[head];
        statistics[head++] = null;
        if (head == tail) {
            head = 0;
            tail = 0;
        }
        return first;
    }

    /** Returns the window with this index, and creates it if there is none. */
    RunningStatistics getOrCreate(long index) {
        if (isEmpty() || index > indexes[tail - 1]) {
            return append(index);
        }
        int position = Arrays.binarySearch(indexes, head, tail, index);
        if (position >= 0) {
            return statistics[position];
        }
        // This may move all windows to the front, so the position must be searched again.
        ensureCapacity(1);
        position = -Arrays.binarySearch(indexes, head, tail, index) - 1;
        System.arraycopy(indexes, position, indexes, position + 1, tail - position);
        System.arraycopy(statistics, position, statistics, position + 1, tail - position);
        tail++;
        indexes[position] = index;
        statistics[position] = newStatistics();
        return statistics[position];
    }

    private RunningStatistics newStatistics() {
        account.hold(RunningStatistics.BASE_BYTES);
        return new RunningStatistics(quantiles, account);
    }

    private RunningStatistics append(long index) {
        ensureCapacity(1);
        indexes[tail] = index;
        statistics[tail] = newStatistics();
        return statistics[tail++];
    }

    private void ensureCapacity(int additional) {
        if (tail + additional > indexes.length) {
            int size = tail - head;
            int capacity = Math.max(size + additional, size > indexes.length / 2 ? 2 * indexes.length : indexes.length);
            var movedIndexes = new long[capacity];
            var movedStatistics = new RunningStatistics[capacity];
            System.arraycopy(indexes, head, movedIndexes, 0, size);
            System.arraycopy(statistics, head, movedStatistics, 0, size);
            indexes = movedIndexes;
            statistics = movedStatistics;
            head = 0;
            tail = size;
        }
    }

    /**
     * Adds the windows of one series, which ascend, in one pass; a window that exists already gets the aggregates
     * added.
     */
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
        int capacity = tail - head + aggregates.size();
        var mergedIndexes = new long[capacity];
        var mergedStatistics = new RunningStatistics[capacity];
        int size = 0;
        int next = head;
        for (int i = 0; i < aggregates.size(); i++) {
            long index = aggregates.windowIndexes()[i];
            while (next < tail && indexes[next] < index) {
                mergedIndexes[size] = indexes[next];
                mergedStatistics[size++] = statistics[next++];
            }
            boolean exists = next < tail && indexes[next] == index;
            var window = exists ? statistics[next++] : newStatistics();
            window.add(aggregates, i);
            mergedIndexes[size] = index;
            mergedStatistics[size++] = window;
        }
        int remaining = tail - next;
        System.arraycopy(indexes, next, mergedIndexes, size, remaining);
        System.arraycopy(statistics, next, mergedStatistics, size, remaining);
        indexes = mergedIndexes;
        statistics = mergedStatistics;
        head = 0;
        tail = size + remaining;
    }
}
