package io.pulseplane.query;

import java.util.List;

/**
 * Windows of one group, ascending in time.
 *
 * @param widthMicros width of the windows, in microseconds
 * @param startTimes start of each window, a multiple of the width
 * @param statistics statistics of each window; those of an empty window have no readings
 * @param heldBytes what the windows hold of the budget of answers
 */
public record GroupWindows(
        SeriesGroup group, long widthMicros, long[] startTimes, List<RunningStatistics> statistics, long heldBytes) {}
