package io.pulseplane.store;

/**
 * Windows of one width, which start at a time and at whole multiples of the width before and after it.
 *
 * @param width in microseconds, 1 or more
 * @param origin in microseconds since the epoch, from 0 to the width, exclusive
 */
public record FixedWindows(long width, long origin) implements WindowGrid {

    /** One window with all times that a reading can have. */
    public static final FixedWindows ALL_TIME = startingAtEpoch(Long.MAX_VALUE);

    public FixedWindows {
        if (width < 1 || origin < 0 || origin >= width) {
            throw new IllegalArgumentException("width " + width + ", origin " + origin);
        }
    }

    public static FixedWindows startingAtEpoch(long width) {
        return new FixedWindows(width, 0);
    }

    /** @param time when some window starts */
    public static FixedWindows startingAt(long time, long width) {
        return new FixedWindows(width, Math.floorMod(time, width));
    }

    @Override
    public long indexOf(long time) {
        long sinceOrigin = time - origin;
        // Only times near the smallest long, which no reading has, are so far before the origin.
        return Math.floorDiv(sinceOrigin > time ? Long.MIN_VALUE : sinceOrigin, width);
    }

    @Override
    public long startOf(long index) {
        long sinceOrigin = index * width;
        long start = sinceOrigin + origin;
        boolean overflows = Math.multiplyHigh(index, width) != sinceOrigin >> 63 || start < sinceOrigin;
        if (overflows) {
            return index < 0 ? Long.MIN_VALUE : Long.MAX_VALUE;
        }
        return start;
    }
}
