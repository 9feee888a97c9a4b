package io.pulseplane.query;

import io.pulseplane.store.WindowGrid;
import java.util.Arrays;
import java.util.List;

/**
 * Windows of one group, ascending in time.
 *
 * @param indexes the index of each window in the grid
 * @param statistics statistics of each window; those of an empty window have no readings
 * @param heldBytes what the windows hold of the budget of answers
 */
public record GroupWindows(
        SeriesGroup group, WindowGrid grid, long[] indexes, List<RunningStatistics> statistics, long heldBytes) {

    /** Returns when each window starts, in microseconds since the epoch. */
    public long[] startTimes() {
        return Arrays.stream(indexes).map(grid::startOf).toArray();
    }

    /** Returns when each window ends, exclusive. */
    public long[] endTimes() {
        return Arrays.stream(indexes).map(index -> grid.startOf(index + 1)).toArray();
    }
}
