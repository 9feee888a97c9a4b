package io.pulseplane.store;

import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.temporal.ChronoUnit;

/**
 * Windows by the calendar and the clocks of a place, such as its days, of which a year has one of 23 and one of 25
 * hours. Windows start at a local time and at every {@code count} units of local time before and after it. If local
 * clocks show that time twice, the window starts the first time; if they skip it, it starts where they jump.
 *
 * @param unit hours, days, weeks or months
 * @param count units in a window, 1 or more
 * @param origin the local time at which some window starts, in whole minutes
 */
public record CalendarWindows(ZoneId zone, ChronoUnit unit, int count, LocalDateTime origin) implements WindowGrid {

    private static final long MICROS_PER_SECOND = 1_000_000;
    private static final int NANOS_PER_MICRO = 1_000;

    /** Hours in more time than a long has microseconds; {@link LocalDateTime} takes as many months. */
    private static final long MAX_UNITS = 3_000_000_000L;

    @Override
    public long indexOf(long time) {
        long second = Math.floorDiv(time, MICROS_PER_SECOND);
        var local = LocalDateTime.ofEpochSecond(
                second,
                (int) Math.floorMod(time, MICROS_PER_SECOND) * NANOS_PER_MICRO,
                zone.getRules().getOffset(Instant.ofEpochSecond(second)));
        long index = Math.floorDiv(unit.between(origin, local), count);
        // Whole units are counted towards zero, and clocks that were set back show a time again.
        while (startOf(index) > time) {
            index--;
        }
        while (lastOf(index) < time) {
            index++;
        }
        return index;
    }

    @Override
    public long startOf(long index) {
        long units = Math.clamp(index, -MAX_UNITS / count, MAX_UNITS / count) * count;
        var local = origin.plus(units, unit);
        var rules = zone.getRules();
        var transition = rules.getTransition(local);
        long second = transition != null && transition.isGap()
                ? transition.toEpochSecond()
                : local.toEpochSecond(transition == null ? rules.getOffset(local) : transition.getOffsetBefore());
        if (Math.abs(second) > Long.MAX_VALUE / MICROS_PER_SECOND) {
            return second < 0 ? Long.MIN_VALUE : Long.MAX_VALUE;
        }
        return second * MICROS_PER_SECOND;
    }

    @Override
    public boolean isSkipped(long index) {
        return startOf(index) == startOf(index + 1);
    }
}
