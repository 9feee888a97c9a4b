package io.pulseplane.query;

import io.pulseplane.store.WindowAggregates;
import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.TimeRange;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The windows of one group while readings go by. Slices come oldest first. */
final class WindowAssembler {

    /** As many windows are handed on at once. */
    static final int MAX_WINDOWS_PER_RESULT = 4_096;

    private final SeriesGroup group;
    private final long width;
    private final boolean fillEmpty;
    private final long lastIndex;

    private final OpenWindows openWindows;

    private long nextIndex;
    private final RunningStatistics emptyStatistics;

    private long[] starts = new long[MAX_WINDOWS_PER_RESULT];
    private List<RunningStatistics> statistics = new ArrayList<>();

    WindowAssembler(SeriesGroup group, TimeRange range, long width, double[] quantiles, boolean fillEmpty) {
        this.group = group;
        this.width = width;
        this.fillEmpty = fillEmpty;
        // A range may begin before the epoch, though no reading lies there.
        this.nextIndex = Math.floorDiv(range.from(), width);
        this.lastIndex = range.isEmpty() ? nextIndex - 1 : Math.floorDiv(range.to() - 1, width);
        this.emptyStatistics = new RunningStatistics(quantiles);
        this.openWindows = new OpenWindows(quantiles);
    }

    void add(Columns columns) {
        var times = columns.times();
        for (int from = 0; from < times.length; ) {
            long index = times[from] / width;
            int to = endOfWindow(index, times, from);
            openWindows.getOrCreate(index).add(times, columns.values(), from, to);
            from = to;
        }
    }

    /** Adds windows of one series, each of which may be added to. */
    void add(WindowAggregates aggregates) {
        openWindows.add(aggregates);
    }

    private int endOfWindow(long index, long[] times, int from) {
        int to = from + 1;
        while (to < times.length && times[to] / width == index) {
            to++;
        }
        return to;
    }

    /** Hands on the windows that end at or before the time that has been reached, in full chunks. */
    void closeUpTo(long reach, List<GroupWindows> into) {
        closeBefore(reach / width, into);
    }

    /** Hands on the windows before one, in full chunks. */
    void closeBefore(long index, List<GroupWindows> into) {
        while (!openWindows.isEmpty() && openWindows.firstIndex() < index) {
            long first = openWindows.firstIndex();
            emit(first, openWindows.removeFirst(), into);
        }
    }

    /** Hands on everything. */
    void finish(List<GroupWindows> into) {
        closeBefore(Long.MAX_VALUE, into);
        if (fillEmpty) {
            fillBefore(lastIndex + 1, into);
        }
        flush(into);
    }

    private void emit(long index, RunningStatistics summary, List<GroupWindows> into) {
        if (fillEmpty) {
            fillBefore(index, into);
        }
        append(index, summary, into);
        nextIndex = index + 1;
    }

    private void fillBefore(long index, List<GroupWindows> into) {
        while (nextIndex < index) {
            append(nextIndex++, emptyStatistics, into);
        }
    }

    private void append(long index, RunningStatistics summary, List<GroupWindows> into) {
        starts[statistics.size()] = index * width;
        statistics.add(summary);
        if (statistics.size() == MAX_WINDOWS_PER_RESULT) {
            flush(into);
        }
    }

    private void flush(List<GroupWindows> into) {
        if (!statistics.isEmpty()) {
            into.add(new GroupWindows(group, width, Arrays.copyOf(starts, statistics.size()), statistics));
            statistics = new ArrayList<>();
        }
    }
}
