package io.pulseplane.vitals.chunk;

import java.util.Arrays;

/**
 * Converts doubles that are decimals to integers. Such a double is the nearest to {@code n / 10^scale}, or that double
 * rounded to a float. The integer and the power of ten are exact doubles, so the division that restores the double
 * rounds once, and gives the same double as parsing the decimal.
 */
final class DecimalConverter {

    /** A double has no more decimal digits, so a larger scale would not make more values decimals. */
    static final int MAX_SCALE = 15;

    /** The cost of a decimal digit of one value, and of an exception, in eighths of a bit. */
    private static final int DIGIT_COST = 27;

    private static final int EXCEPTION_COST = 8 * 80;

    private static final int SAMPLE_SIZE = 32;

    /** Stands for a value that is not a decimal. */
    private static final int NO_SCALE = MAX_SCALE + 1;

    private static final double[] POWERS_OF_TEN = {
        1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15
    };

    /**
     * A double between -2^51 and 2^51 plus this constant has no bits for a fraction: the sum is rounded to an integer.
     */
    private static final double ROUNDING_CONSTANT = 0x1.8p52;

    private static final long ROUNDING_CONSTANT_BITS = Double.doubleToRawLongBits(ROUNDING_CONSTANT);

    /** Integers stay between -2^50 and 2^50, where the error of value times power is less than a quarter. */
    private static final long INTEGER_BOUND = 1L << 50;

    private final int[] scaleCounts = new int[NO_SCALE + 1];

    /** The indexes of the exceptions of the last conversion, ascending. */
    private final int[] exceptionIndexes = new int[ChunkFormat.BLOCK_SIZE];

    private int exceptionCount;

    static double powerOfTen(int scale) {
        return POWERS_OF_TEN[scale];
    }

    /** Returns the scale with which a sample of the values takes fewest bits; -1 if most are not decimals. */
    int chooseScaleBySample(double[] values, int from, int count, boolean floats) {
        return cheapestScale(values, from, count, floats, Math.min(count, SAMPLE_SIZE));
    }

    /** Returns the scale with which all values take fewest bits; -1 if most are not decimals. */
    int chooseScaleByAll(double[] values, int from, int count, boolean floats) {
        return cheapestScale(values, from, count, floats, count);
    }

    private int cheapestScale(double[] values, int from, int count, boolean floats, int samples) {
        Arrays.fill(scaleCounts, 0);
        for (int i = 0; i < samples; i++) {
            scaleCounts[smallestScale(values[from + (int) ((long) i * count / samples)], floats)]++;
        }
        int best = -1;
        int bestCost = Integer.MAX_VALUE;
        int exceptions = samples;
        for (int scale = 0; scale <= MAX_SCALE; scale++) {
            exceptions -= scaleCounts[scale];
            int cost = exceptions * EXCEPTION_COST + (samples - exceptions) * scale * DIGIT_COST;
            if (scaleCounts[scale] > 0 && exceptions <= samples >> 1 && cost < bestCost) {
                best = scale;
                bestCost = cost;
            }
        }
        return best;
    }

    /** Returns the smallest scale at which the value is a decimal. */
    private static int smallestScale(double value, boolean floats) {
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
        double restored = integer / POWERS_OF_TEN[scale];
        return (integer + INTEGER_BOUND) >>> 51 == 0
                && Double.doubleToRawLongBits(floats ? (float) restored : restored)
                        == Double.doubleToRawLongBits(value);
    }

    static boolean isDecimal(double value, int scale) {
        return isDecimal(value, scale, false);
    }

    /**
     * Returns the integer nearest to {@code value * 10^scale}; if that is too large or NaN, an integer out of bounds.
     */
    static long nearestInteger(double value, int scale) {
        return Double.doubleToRawLongBits(value * POWERS_OF_TEN[scale] + ROUNDING_CONSTANT) - ROUNDING_CONSTANT_BITS;
    }

    /**
     * Converts values to integers. A value that is not a decimal of the scale is an exception; its place gets the
     * integer before it, which packs best.
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
            double restored = (rounded - ROUNDING_CONSTANT) / power;
            integers[i] = integer;
            if (Double.doubleToRawLongBits(floats ? (float) restored : restored) != Double.doubleToRawLongBits(value)
                    || (integer + INTEGER_BOUND) >>> 51 != 0) {
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

    /** Returns the index of the i-th exception of the last conversion. */
    int exceptionIndex(int i) {
        return exceptionIndexes[i];
    }

    int exceptionCount() {
        return exceptionCount;
    }
}
