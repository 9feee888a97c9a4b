package io.pulseplane.store.chunk;

import java.util.Arrays;

/**
 * Doubles that are decimals: the double nearest to {@code n / 10^scale}, or that rounded to a float once more. Both the
 * integer and the power of ten are doubles without loss, so the division that brings the double back rounds once, and gives
 * the very double that the decimal is read as.
 */
final class Decimals {

    /** More digits than a double has would make no more of them decimals. */
    static final int FINEST_SCALE = 15;

    /** What a digit costs a value in bits, and what an exception costs, both times eight. */
    private static final int DIGIT_COST = 27;

    private static final int EXCEPTION_COST = 8 * 80;

    private static final int SAMPLES = 32;

    /** Not a scale: a value that is no decimal. */
    private static final int NONE = FINEST_SCALE + 1;

    private static final double[] POWERS = {
        1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15
    };

    /** Added to a double between -2^51 and 2^51, it leaves no room for a fraction: the sum is rounded to an integer. */
    private static final double ROUND = 0x1.8p52;

    private static final long ROUND_BITS = Double.doubleToRawLongBits(ROUND);

    /** Integers stay below 2^50 on both sides, where the product of value and power is less than a quarter off. */
    private static final long BOUND = 1L << 50;

    private final int[] scales = new int[NONE + 1];

    /** Which exceptions the last conversion met, and how many. */
    private final int[] exceptions = new int[Format.BLOCK];

    private int exceptionCount;

    static double power(int scale) {
        return POWERS[scale];
    }

    /** The scale with which the values take least room, judged by a few of them; or -1 if most are no decimals. */
    int scaleOfSample(double[] values, int from, int count, boolean floats) {
        return scaleOf(values, from, count, floats, Math.min(count, SAMPLES));
    }

    /** The same, judged by all of them. */
    int scaleOfAll(double[] values, int from, int count, boolean floats) {
        return scaleOf(values, from, count, floats, count);
    }

    private int scaleOf(double[] values, int from, int count, boolean floats, int samples) {
        Arrays.fill(scales, 0);
        for (int i = 0; i < samples; i++) {
            scales[scaleOf(values[from + (int) ((long) i * count / samples)], floats)]++;
        }
        int best = -1;
        int bestCost = Integer.MAX_VALUE;
        int outside = samples;
        for (int scale = 0; scale <= FINEST_SCALE; scale++) {
            outside -= scales[scale];
            int cost = outside * EXCEPTION_COST + (samples - outside) * scale * DIGIT_COST;
            if (scales[scale] > 0 && outside <= samples >> 1 && cost < bestCost) {
                best = scale;
                bestCost = cost;
            }
        }
        return best;
    }

    /** The smallest scale at which the value is a decimal. */
    private static int scaleOf(double value, boolean floats) {
        if (floats && (float) value != value) {
            return NONE;
        }
        for (int scale = 0; scale <= FINEST_SCALE; scale++) {
            if (isDecimal(value, scale, floats)) {
                return scale;
            }
        }
        return NONE;
    }

    private static boolean isDecimal(double value, int scale, boolean floats) {
        long integer = nearest(value, scale);
        double back = integer / POWERS[scale];
        return integer + BOUND >>> 51 == 0
                && Double.doubleToRawLongBits(floats ? (float) back : back) == Double.doubleToRawLongBits(value);
    }

    static boolean isDecimal(double value, int scale) {
        return isDecimal(value, scale, false);
    }

    /** The integer nearest to {@code value * 10^scale}; where that is too large or no number, one out of bounds. */
    static long nearest(double value, int scale) {
        return Double.doubleToRawLongBits(value * POWERS[scale] + ROUND) - ROUND_BITS;
    }

    /**
     * Converts values to integers. What is no decimal of this scale is an exception, and takes the integer before it.
     *
     * @return the number of exceptions
     */
    int toIntegers(double[] values, int from, int count, int scale, boolean floats, long[] integers) {
        double power = POWERS[scale];
        exceptionCount = 0;
        for (int i = 0; i < count; i++) {
            double value = values[from + i];
            double rounded = value * power + ROUND;
            long integer = Double.doubleToRawLongBits(rounded) - ROUND_BITS;
            double back = (rounded - ROUND) / power;
            integers[i] = integer;
            if (Double.doubleToRawLongBits(floats ? (float) back : back) != Double.doubleToRawLongBits(value)
                    || integer + BOUND >>> 51 != 0) {
                exceptions[exceptionCount++] = i;
            }
        }
        if (exceptionCount > 0) {
            fillExceptions(integers, count);
        }
        return exceptionCount;
    }

    private void fillExceptions(long[] integers, int count) {
        int first = 0;
        while (first < exceptionCount && exceptions[first] == first) {
            first++;
        }
        long fill = first < count ? integers[first] : 0;
        for (int i = 0; i < exceptionCount; i++) {
            int index = exceptions[i];
            integers[index] = index == 0 ? fill : integers[index - 1];
        }
    }

    /** The index of an exception of the last conversion, ascending. */
    int exception(int i) {
        return exceptions[i];
    }

    int exceptions() {
        return exceptionCount;
    }
}
