package io.pulseplane.query;

import java.util.List;

/**
 * Windows of one group, ascending in time.
 *
 * @param widthMicros in microseconds
 * @param startTimes where each begins, a multiple of the width
 * @param statistics one for each start; of nothing where a window is empty
 */
public record GroupWindows(
        SeriesGroup group, long widthMicros, long[] startTimes, List<RunningStatistics> statistics) {}
