package io.pulseplane.query;

import io.pulseplane.vitals.PlaneException;
import java.util.Arrays;

/**
 * How often each value was seen, for exact quantiles. A monitor reports a few thousand different values however long it
 * reports, so counting them takes less memory than keeping them, and less time than sorting them.
 */
final class ValueCounts {

    /** 16 MiB of table; beyond it a quantile is refused rather than guessed. */
    private static final int MAX_DISTINCT = 1 << 20;

    private static final int INITIAL_CAPACITY = 64;

    /** Values as bits; a slot is free where its count is 0. The length is a power of two. */
    private long[] valueBits = new long[INITIAL_CAPACITY];

    private long[] counts = new long[INITIAL_CAPACITY];
    private int distinctCount;
    private long total;

    void add(double value) {
        add(Double.doubleToRawLongBits(value), 1);
        total++;
    }

    private void add(long key, long count) {
        int slot = slot(key);
        if (counts[slot] == 0) {
            if (2 * (distinctCount + 1) > valueBits.length) {
                grow();
                slot = slot(key);
            }
            valueBits[slot] = key;
            distinctCount++;
        }
        counts[slot] += count;
    }

    private int slot(long key) {
        // Doubles with few decimals differ in their high bits only; the multiplication spreads them.
        int slot = (int) (key * 0x9E3779B97F4A7C15L >>> 32) & valueBits.length - 1;
        while (counts[slot] != 0 && valueBits[slot] != key) {
            slot = slot + 1 & valueBits.length - 1;
        }
        return slot;
    }

    private void grow() {
        if (distinctCount >= MAX_DISTINCT) {
            throw new PlaneException.FailedPrecondition("quantiles of more than " + MAX_DISTINCT
                    + " different values are not computed: ask for a shorter range or leave them out");
        }
        var oldBits = valueBits;
        var oldCounts = counts;
        valueBits = new long[2 * oldBits.length];
        counts = new long[valueBits.length];
        distinctCount = 0;
        for (int i = 0; i < oldBits.length; i++) {
            if (oldCounts[i] != 0) {
                add(oldBits[i], oldCounts[i]);
            }
        }
    }

    /**
     * Quantiles by linear interpolation between the closest ranks, as numpy computes them by default (Hyndman and Fan,
     * 1996, type 7).
     */
    double[] quantiles(double[] of) {
        var values = new double[distinctCount];
        var ends = new long[distinctCount];
        int size = 0;
        for (int i = 0; i < valueBits.length; i++) {
            if (counts[i] != 0) {
                values[size++] = Double.longBitsToDouble(valueBits[i]);
            }
        }
        Arrays.sort(values);
        long end = 0;
        for (int i = 0; i < size; i++) {
            end += counts[slot(Double.doubleToRawLongBits(values[i]))];
            ends[i] = end;
        }
        return Arrays.stream(of).map(q -> quantile(q, values, ends)).toArray();
    }

    private double quantile(double q, double[] values, long[] ends) {
        double rank = q * (total - 1);
        long below = (long) Math.floor(rank);
        double low = valueAtRank(below, values, ends);
        double high = valueAtRank(Math.min(below + 1, total - 1), values, ends);
        double t = rank - below;
        // From the nearer end, as numpy does, so that 0 and 1 give the ends themselves.
        return t < 0.5 ? low + (high - low) * t : high - (high - low) * (1 - t);
    }

    private static double valueAtRank(long rank, double[] values, long[] ends) {
        int place = Arrays.binarySearch(ends, rank + 1);
        return values[place >= 0 ? place : -place - 1];
    }
}
