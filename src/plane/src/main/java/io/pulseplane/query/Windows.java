package io.pulseplane.query;

import java.util.List;

/**
 * Windows of one group, ascending in time.
 *
 * @param width in microseconds
 * @param starts where each begins, a multiple of the width
 * @param summaries one for each start; of nothing where a window is empty
 */
public record Windows(Group group, long width, long[] starts, List<Summary> summaries) {}
