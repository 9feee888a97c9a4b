package io.pulseplane.query;

import io.pulseplane.vitals.Order;
import io.pulseplane.vitals.Series;
import io.pulseplane.vitals.TimeRange;
import java.util.Optional;

/**
 * A place in the total order of the readings of a question: by time in the order asked for, then by series.
 *
 * @param time the time of the last reading before this place
 * @param series the series of that reading; empty if every reading of that time lies before this place
 */
record ResumePosition(long time, Optional<Series> series) {

    /** What is left of a range for one series from this place on. */
    TimeRange remainingRange(TimeRange range, Order order, Series of) {
        boolean timeIsDone = series.isEmpty() || of.compareTo(series.get()) <= 0;
        if (order == Order.OLDEST_FIRST) {
            long from = timeIsDone && time < Long.MAX_VALUE ? time + 1 : time;
            return new TimeRange(clamp(from, range), range.to());
        }
        long to = timeIsDone || time == Long.MAX_VALUE ? time : time + 1;
        return new TimeRange(range.from(), clamp(to, range));
    }

    private static long clamp(long time, TimeRange range) {
        return Math.clamp(time, range.from(), range.to());
    }
}
