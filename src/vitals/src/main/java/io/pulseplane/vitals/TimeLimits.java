package io.pulseplane.vitals;

import io.pulseplane.vitals.Rejection.Reason;
import java.time.Instant;

/**
 * The times that a reading may have, both ends inclusive, in microseconds since the epoch.
 *
 * @param earliest 0 or later
 */
record TimeLimits(long earliest, long latest) {

    /**
     * A number is taken for seconds, milliseconds or nanoseconds only if it is a time from then on in that unit: before
     * it, an old time in microseconds is as likely.
     */
    private static final long EARLIEST_MISREAD = EpochMicros.of(Instant.parse("2000-01-01T00:00:00Z"));

    private static final long MICROS_PER_MILLISECOND = 1_000;
    private static final long MICROS_PER_SECOND = 1_000_000;
    private static final long NANOS_PER_MICROSECOND = 1_000;

    TimeLimits {
        if (earliest < 0) {
            throw new IllegalArgumentException("the earliest time " + earliest + " is before 1970");
        }
    }

    /** Returns why a time is not accepted; null if it is. */
    Reason rejection(long time) {
        if (time < 0) {
            return Reason.BEFORE_EPOCH;
        }
        if (time < earliest) {
            return isTimeIn(time, MICROS_PER_SECOND) || isTimeIn(time, MICROS_PER_MILLISECOND)
                    ? Reason.TIME_IN_ANOTHER_UNIT
                    : Reason.TOO_OLD;
        }
        if (time > latest) {
            return isPast(time / NANOS_PER_MICROSECOND) ? Reason.TIME_IN_ANOTHER_UNIT : Reason.IN_THE_FUTURE;
        }
        return null;
    }

    private boolean isTimeIn(long time, long microsPerUnit) {
        return time <= latest / microsPerUnit && isPast(time * microsPerUnit);
    }

    private boolean isPast(long time) {
        return time >= Math.max(earliest, EARLIEST_MISREAD) && time <= latest;
    }
}
