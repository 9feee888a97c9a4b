package io.pulseplane.query;

import io.pulseplane.vitals.Columns;
import java.util.List;
import java.util.Optional;

/**
 * The readings of a range of time, of every series that has readings there.
 *
 * @param columns none of them empty, each series once, in the order of the series; times are in the order of the query
 * @param watermark all readings up to this time, inclusive and in the order of the query, are in this slice or before
 * @param next the position at which to continue; empty if there are no more readings
 */
record Slice(List<Columns> columns, long watermark, Optional<ResumePosition> next) {}
