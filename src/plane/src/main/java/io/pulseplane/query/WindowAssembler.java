package io.pulseplane.query;

import io.pulseplane.store.WindowAggregates;
import io.pulseplane.store.WindowGrid;
import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.TimeRange;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Assembles the windows of one group from readings or aggregates, which arrive oldest first. */
final class WindowAssembler {

    /** Upper bound of the windows of one result. */
    static final int MAX_WINDOWS_PER_RESULT = 4_096;

    /** Index and statistics of a window in a result, without the statistics themselves. */
    private static final int RESULT_BYTES = 2 * Long.BYTES;

    private final SeriesGroup group;
    private final WindowGrid grid;
    private final boolean fillEmpty;
    private final long lastIndex;

    private final OpenWindows openWindows;
    private final AnswerBudget.Account account;

    private long nextIndex;
    private final RunningStatistics emptyStatistics;

    private long[] indexes = new long[MAX_WINDOWS_PER_RESULT];
    private List<RunningStatistics> statistics = new ArrayList<>();

    /** What the windows of the next result hold. They held it since they were opened. */
    private long heldBytes;

    WindowAssembler(
            SeriesGroup group,
            TimeRange range,
            WindowGrid grid,
            double[] quantiles,
            boolean fillEmpty,
            AnswerBudget.Account account) {
        this.group = group;
        this.grid = grid;
        this.fillEmpty = fillEmpty;
        // A range may start before the epoch, although no reading is there.
        this.nextIndex = grid.indexOf(range.from());
        this.lastIndex = range.isEmpty() ? nextIndex - 1 : grid.indexOf(range.to() - 1);
        this.emptyStatistics = new RunningStatistics(quantiles, account);
        this.openWindows = new OpenWindows(quantiles, account);
        this.account = account;
    }

    void add(Columns columns) {
        var times = columns.times();
        for (int from = 0; from < times.length; ) {
            long index = grid.indexOf(times[from]);
            int to = endOfWindow(grid.lastOf(index), times, from);
            openWindows.getOrCreate(index).add(times, columns.values(), from, to);
            from = to;
        }
    }

    /** Adds the aggregates of one series. */
    void add(WindowAggregates aggregates) {
        openWindows.add(aggregates);
    }

    private int endOfWindow(long last, long[] times, int from) {
        int to = from + 1;
        while (to < times.length && times[to] <= last) {
            to++;
        }
        return to;
    }

    /** Emits the windows that end at or before the watermark, in full results. */
    void closeUpTo(long watermark, List<GroupWindows> results) {
        closeBefore(grid.indexOf(watermark), results);
    }

    /** Emits the windows before the index, in full results. */
    void closeBefore(long index, List<GroupWindows> results) {
        while (!openWindows.isEmpty() && openWindows.firstIndex() < index) {
            long first = openWindows.firstIndex();
            emit(first, openWindows.removeFirst(), results);
        }
    }

    /** Emits all remaining windows. */
    void finish(List<GroupWindows> results) {
        closeBefore(Long.MAX_VALUE, results);
        if (fillEmpty) {
            fillBefore(lastIndex + 1, results);
        }
        flush(results);
    }

    private void emit(long index, RunningStatistics window, List<GroupWindows> results) {
        if (fillEmpty) {
            fillBefore(index, results);
        }
        heldBytes += window.heldBytes();
        append(index, window, results);
        nextIndex = index + 1;
    }

    private void fillBefore(long index, List<GroupWindows> results) {
        while (nextIndex < index) {
            if (!grid.isSkipped(nextIndex)) {
                append(nextIndex, emptyStatistics, results);
            }
            nextIndex++;
        }
    }

    private void append(long index, RunningStatistics window, List<GroupWindows> results) {
        indexes[statistics.size()] = index;
        statistics.add(window);
        if (statistics.size() == MAX_WINDOWS_PER_RESULT) {
            flush(results);
        }
    }

    private void flush(List<GroupWindows> results) {
        if (!statistics.isEmpty()) {
            long resultBytes = (long) RESULT_BYTES * statistics.size();
            account.hold(resultBytes);
            results.add(new GroupWindows(
                    group, grid, Arrays.copyOf(indexes, statistics.size()), statistics, resultBytes + heldBytes));
            heldBytes = 0;
            statistics = new ArrayList<>();
        }
    }
}
