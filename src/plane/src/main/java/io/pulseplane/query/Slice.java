package io.pulseplane.query;

import io.pulseplane.vitals.Columns;
import java.util.List;
import java.util.Optional;

/**
 * The readings of a stretch of time, of every series that has some.
 *
 * @param columns none of them empty, each series once, in the order of the series; times run in the order asked for
 * @param watermark everything up to this time, inclusive and in the order asked for, has been answered with this slice
 * @param next where to go on; empty if there is nothing more
 */
record Slice(List<Columns> columns, long watermark, Optional<ResumePosition> next) {}
