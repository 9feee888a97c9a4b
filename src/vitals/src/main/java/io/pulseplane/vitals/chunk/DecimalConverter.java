package io.pulseplane.vitals.chunk;

import java.util.Arrays;

/**
 * Doubles that are decimals: the double nearest to {@code n / 10^scale}, or that rounded to a float once more. Both the
 * integer and the power of ten are doubles without loss, so the division that brings the double back rounds once, and gives
 * the very double that the decimal is read as.
 */
final class DecimalConverter {

    /** More digits than a double has would make no more of them decimals. */
    static final int MAX_SCALE = 15;

    /** What a digit costs a value in bits, and what an exception costs, both times eight. */
    private static final int DIGIT_COST = 27;

    private static final int EXCEPTION_COST = 8 * 80;

    private static final int SAMPLE_SIZE = 32;

    /** Not a scale: a value that is no decimal. */
    private static final int NO_SCALE = MAX_SCALE + 1;

    private static final double[] POWERS_OF_TEN = {
        1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15
    };

    /** Added to a double between -2^51 and 2^51, it leaves no room for a fraction: the sum is rounded to an integer. */
    private static final double ROUNDING_CONSTANT = 0x1.8p52;

    private static final long ROUNDING_CONSTANT_BITS = Double.doubleToRawLongBits(ROUNDING_CONSTANT);

    /** Integers stay below 2^50 on both sides, where the product of value and power is less than a quarter off. */
    private static final long INTEGER_BOUND = 1L << 50;

    private final int[] scaleCounts = new int[NO_SCALE + 1];

    /** Which exceptions the last conversion met, and how many. */
    private final int[] exceptionIndexes = new int[ChunkFormat.BLOCK_SIZE];

    private int exceptionCount;

    static double powerOfTen(int scale) {
        return POWERS_OF_TEN[scale];
    }

    /** The scale with which the values take least room, judged by a few of them; or -1 if most are no decimals. */
    int chooseScaleBySample(double[] values, int from, int count, boolean floats) {
        return scaleOf(values, from, count, floats, Math.min(count, SAMPLE_SIZE));
    }

    /** The same, judged by all of them. */
    int chooseScaleByAll(double[] values, int from, int count, boolean floats) {
        return scaleOf(values, from, count, floats, count);
    }

    private int scaleOf(double[] values, int from, int count, boolean floats, int samples) {
        Arrays.fill(scaleCounts, 0);
        for (int i = 0; i < samples; i++) {
            scaleCounts[scaleOf(values[from + (int) ((long) i * count / samples)], floats)]++;
        }
        int best = -1;
        int bestCost = Integer.MAX_VALUE;
        int outside = samples;
        for (int scale = 0; scale <= MAX_SCALE; scale++) {
            outside -= scaleCounts[scale];
            int cost = outside * EXCEPTION_COST + (samples - outside) * scale * DIGIT_COST;
            if (scaleCounts[scale] > 0 && outside <= samples >> 1 && cost < bestCost) {
                best = scale;
                bestCost = cost;
            }
        }
        return best;
    }

    /** The smallest scale at which the value is a decimal. */
    private static int scaleOf(double value, boolean floats) {
        if (floats && (float) value != value) {
            return NO_SCALE;
        }
        for (int scale = 0; scale <= MAX_SCALE; scale++) {
            if (isDecimal(value, scale, floats)) {
                return scale;
            }
        }
        return NO_SCALE;
    }

    private static boolean isDecimal(double value, int scale, boolean floats) {
        long integer = nearestInteger(value, scale);
        double back = integer / POWERS_OF_TEN[scale];
        return integer + INTEGER_BOUND >>> 51 == 0
                && Double.doubleToRawLongBits(floats ? (float) back : back) == Double.doubleToRawLongBits(value);
    }

    static boolean isDecimal(double value, int scale) {
        return isDecimal(value, scale, false);
    }

    /** The integer nearest to {@code value * 10^scale}; where that is too large or no number, one out of bounds. */
    static long nearestInteger(double value, int scale) {
        return Double.doubleToRawLongBits(value * POWERS_OF_TEN[scale] + ROUNDING_CONSTANT) - ROUNDING_CONSTANT_BITS;
    }

    /**
     * Converts values to integers. What is no decimal of this scale is an exception, and takes the integer before it.
     *
     * @return the number of exceptions
     */
    int toIntegers(double[] values, int from, int count, int scale, boolean floats, long[] integers) {
        double power = POWERS_OF_TEN[scale];
        exceptionCount = 0;
        for (int i = 0; i < count; i++) {
            double value = values[from + i];
            double rounded = value * power + ROUNDING_CONSTANT;
            long integer = Double.doubleToRawLongBits(rounded) - ROUNDING_CONSTANT_BITS;
            double back = (rounded - ROUNDING_CONSTANT) / power;
            integers[i] = integer;
            if (Double.doubleToRawLongBits(floats ? (float) back : back) != Double.doubleToRawLongBits(value)
                    || integer + INTEGER_BOUND >>> 51 != 0) {
                exceptionIndexes[exceptionCount++] = i;
            }
        }
        if (exceptionCount > 0) {
            fillExceptions(integers, count);
        }
        return exceptionCount;
    }

    private void fillExceptions(long[] integers, int count) {
        int first = 0;
        while (first < exceptionCount && exceptionIndexes[first] == first) {
            first++;
        }
        long fill = first < count ? integers[first] : 0;
        for (int i = 0; i < exceptionCount; i++) {
            int index = exceptionIndexes[i];
            integers[index] = index == 0 ? fill : integers[index - 1];
        }
    }

    /** The index of an exception of the last conversion, ascending. */
    int exceptionIndex(int i) {
        return exceptionIndexes[i];
    }

    int exceptionCount() {
        return exceptionCount;
    }
}
