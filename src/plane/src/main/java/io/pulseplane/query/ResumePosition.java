package io.pulseplane.query;

import io.pulseplane.vitals.Order;
import io.pulseplane.vitals.Series;
import io.pulseplane.vitals.TimeRange;
import java.util.Optional;

/**
 * A position in the total order of the readings of a query: by time in the order of the query, then by series.
 *
 * @param time the time of the last reading before the position
 * @param series the series of that reading; empty if all readings of that time are before the position
 */
record ResumePosition(long time, Optional<Series> series) {

    /** Returns the part of the range after the position, for one series. */
    TimeRange remainingRange(TimeRange range, Order order, Series candidate) {
        boolean isTimeDone = series.isEmpty() || candidate.compareTo(series.get()) <= 0;
        if (order == Order.OLDEST_FIRST) {
            long from = isTimeDone && time < Long.MAX_VALUE ? time + 1 : time;
            return new TimeRange(clamp(from, range), range.to());
        }
        long to = isTimeDone || time == Long.MAX_VALUE ? time : time + 1;
        return new TimeRange(range.from(), clamp(to, range));
    }

    private static long clamp(long time, TimeRange range) {
        return Math.clamp(time, range.from(), range.to());
    }
}
