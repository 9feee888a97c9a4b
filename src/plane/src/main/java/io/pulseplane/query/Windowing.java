package io.pulseplane.query;

import io.pulseplane.store.Aggregates;
import io.pulseplane.vitals.Columns;
import io.pulseplane.vitals.TimeRange;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The windows of one group while readings go by. Slices come oldest first. */
final class Windowing {

    /** As many windows are handed on at once. */
    static final int CHUNK = 4_096;

    private final Group group;
    private final long width;
    private final boolean fillEmpty;
    private final long lastIndex;

    private final OpenWindows open;

    private long nextIndex;
    private final Summary nothing;

    private long[] starts = new long[CHUNK];
    private List<Summary> summaries = new ArrayList<>();

    Windowing(Group group, TimeRange range, long width, double[] quantiles, boolean fillEmpty) {
        this.group = group;
        this.width = width;
        this.fillEmpty = fillEmpty;
        // A range may begin before the epoch, though no reading lies there.
        this.nextIndex = Math.floorDiv(range.from(), width);
        this.lastIndex = range.isEmpty() ? nextIndex - 1 : Math.floorDiv(range.to() - 1, width);
        this.nothing = new Summary(quantiles);
        this.open = new OpenWindows(quantiles);
    }

    void add(Columns columns) {
        var times = columns.times();
        for (int from = 0; from < times.length; ) {
            long index = times[from] / width;
            int to = endOf(index, times, from);
            open.at(index).add(times, columns.values(), from, to);
            from = to;
        }
    }

    /** Adds windows of one series, each of which may be added to. */
    void add(Aggregates aggregates) {
        open.add(aggregates);
    }

    private int endOf(long index, long[] times, int from) {
        int to = from + 1;
        while (to < times.length && times[to] / width == index) {
            to++;
        }
        return to;
    }

    /** Hands on the windows that end at or before the time that has been reached, in full chunks. */
    void closeUpTo(long reach, List<Windows> into) {
        closeBefore(reach / width, into);
    }

    /** Hands on the windows before one, in full chunks. */
    void closeBefore(long index, List<Windows> into) {
        while (!open.isEmpty() && open.firstIndex() < index) {
            long first = open.firstIndex();
            emit(first, open.removeFirst(), into);
        }
    }

    /** Hands on everything. */
    void finish(List<Windows> into) {
        closeBefore(Long.MAX_VALUE, into);
        if (fillEmpty) {
            fillBefore(lastIndex + 1, into);
        }
        flush(into);
    }

    private void emit(long index, Summary summary, List<Windows> into) {
        if (fillEmpty) {
            fillBefore(index, into);
        }
        append(index, summary, into);
        nextIndex = index + 1;
    }

    private void fillBefore(long index, List<Windows> into) {
        while (nextIndex < index) {
            append(nextIndex++, nothing, into);
        }
    }

    private void append(long index, Summary summary, List<Windows> into) {
        starts[summaries.size()] = index * width;
        summaries.add(summary);
        if (summaries.size() == CHUNK) {
            flush(into);
        }
    }

    private void flush(List<Windows> into) {
        if (!summaries.isEmpty()) {
            into.add(new Windows(group, width, Arrays.copyOf(starts, summaries.size()), summaries));
            summaries = new ArrayList<>();
        }
    }
}
