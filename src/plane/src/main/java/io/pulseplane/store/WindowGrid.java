package io.pulseplane.store;

/**
 * How time is cut into windows. Windows are half-open and have ascending indexes without gaps; each starts where the
 * one before ends. Two grids that are equal cut time in the same way.
 */
public sealed interface WindowGrid permits FixedWindows, CalendarWindows {

    /** Returns the index of the window that contains a time, in microseconds since the epoch. */
    long indexOf(long time);

    /** Returns when a window starts; the smallest or largest long if that is beyond them. */
    long startOf(long index);

    /** Returns the last microsecond of a window. */
    default long lastOf(long index) {
        long end = startOf(index + 1);
        return end == Long.MAX_VALUE ? Long.MAX_VALUE : end - 1;
    }

    /** Whether no time is in the window, because local clocks skip all of it. */
    default boolean isSkipped(long index) {
        return false;
    }

    /** Returns the index of the first window that starts at or after a time. */
    default long firstStartingAt(long time) {
        long index = indexOf(time);
        return startOf(index) == time ? index : index + 1;
    }
}
