package io.pulseplane.query;

import io.pulseplane.vitals.PlaneException;
import java.util.Arrays;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Counts how often each value occurs, for exact quantiles. A monitor reports a few thousand different values at most,
 * so counts take less memory than all values, and less time than sorting all values.
 *
 * <p>Where a value is kept depends on random numbers of the table, so nobody can choose values that share a place.
 */
final class ValueCounts {

    /** Limits the tables to 32 MiB. Beyond it, the query fails; quantiles are never approximated. */
    private static final int MAX_DISTINCT = 1 << 20;

    private static final int INITIAL_CAPACITY = 16;
    private static final int SLOT_BYTES = 2 * Long.BYTES;

    private final AnswerBudget.Account account;
    private final long firstFactor = ThreadLocalRandom.current().nextLong() | 1;
    private final long secondFactor = ThreadLocalRandom.current().nextLong() | 1;

    /** The bits of the values. A slot is free if its count is 0. The length is a power of two. */
    private long[] valueBits = new long[INITIAL_CAPACITY];

    private long[] counts = new long[INITIAL_CAPACITY];
    private int distinctCount;
    private long total;
    private long probeCount;

    ValueCounts(AnswerBudget.Account account) {
        this.account = account;
        account.hold(heldBytes());
    }

    /** The bytes of memory that the table holds. */
    long heldBytes() {
        return (long) SLOT_BYTES * valueBits.length;
    }

    /** How many slots were looked at and had another value. */
    long probeCount() {
        return probeCount;
    }

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
        // Doubles with few decimals differ only in their high bits, and a product's low bits know nothing of those.
        long hash = key * firstFactor;
        hash = (hash ^ (hash >>> 32)) * secondFactor;
        // Without a second round, one choice of factors in some hundred puts an arithmetic progression into few runs.
        hash = (hash ^ (hash >>> 29)) * firstFactor;
        int slot = (int) (hash >>> 32) & (valueBits.length - 1);
        while (counts[slot] != 0 && valueBits[slot] != key) {
            probeCount++;
            slot = (slot + 1) & (valueBits.length - 1);
        }
        return slot;
    }

    private void grow() {
        if (distinctCount >= MAX_DISTINCT) {
            throw new PlaneException.FailedPrecondition("quantiles need at most " + MAX_DISTINCT
                    + " different values: query a shorter range, or no quantiles");
        }
        account.hold(heldBytes());
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
     * Computes quantiles by linear interpolation between the closest ranks, as numpy does by default (Hyndman and Fan,
     * 1996, type 7).
     */
    double[] quantiles(double[] probabilities) {
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
        return Arrays.stream(probabilities)
                .map(probability -> quantile(probability, values, ends))
                .toArray();
    }

    private double quantile(double probability, double[] values, long[] ends) {
        double rank = probability * (total - 1);
        long below = (long) Math.floor(rank);
        double low = valueAtRank(below, values, ends);
        double high = valueAtRank(Math.min(below + 1, total - 1), values, ends);
        double fraction = rank - below;
        // Interpolates from the nearer end, as numpy does, so that 0 and 1 give the exact values.
        return fraction < 0.5 ? low + (high - low) * fraction : high - (high - low) * (1 - fraction);
    }

    private static double valueAtRank(long rank, double[] values, long[] ends) {
        int index = Arrays.binarySearch(ends, rank + 1);
        return values[index >= 0 ? index : -index - 1];
    }
}
