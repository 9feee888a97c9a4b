package io.pulseplane.vitals;

import io.pulseplane.vitals.Rejection.Reason;
import java.util.Arrays;
import java.util.List;

/**
 * Screens one block for {@link BatchScreener}: it holds the readings that remain and the indexes of those it rejected.
 */
final class BlockScreener {

    private static final Reason[] REASONS = Reason.values();

    private final Batch.Block block;
    private final int[][] rejectedIndexes = new int[REASONS.length][];
    private final int[] rejectedCounts = new int[REASONS.length];
    private int duplicates;

    private long[] times;
    private double[] values;
    /**
     * The index in the block of each reading that remains; null while all readings remain and are in the order of the
     * block.
     */
    private int[] originalIndexes;

    private int size;

    BlockScreener(Batch.Block block) {
        this.block = block;
        this.times = block.times();
        this.values = block.values();
        this.size = times.length;
    }

    String code() {
        return block.code();
    }

    String unit() {
        return block.unit();
    }

    int size() {
        return size;
    }

    int duplicates() {
        return duplicates;
    }

    void rejectAll(Reason reason) {
        for (int i = 0; i < size; i++) {
            reject(i, reason);
        }
        size = 0;
    }

    /** Takes every finite value: of a code that is not in the catalogue, no range is known. */
    void screen(TimeLimits limits) {
        screen(null, ValueRange.FINITE, ValueRange.FINITE.low(), limits);
    }

    /**
     * @param accepted the values to take, unless they betray another unit
     * @param unambiguousLow the value from which on none of them does
     */
    void screen(VitalSign sign, ValueRange accepted, double unambiguousLow, TimeLimits limits) {
        if (isCleanAndAscending(unambiguousLow, accepted.high(), limits.earliest(), limits.latest())) {
            return;
        }
        originalIndexes = new int[size];
        int kept = 0;
        for (int i = 0; i < size; i++) {
            var reason = valueRejection(values[i], sign, accepted);
            reason = reason == null ? limits.rejection(times[i]) : reason;
            if (reason == null) {
                originalIndexes[kept++] = i;
            } else {
                reject(i, reason);
            }
        }
        TimeSort.sort(originalIndexes, kept, times);
        gatherColumns(kept);
        resolveRepeatedTimes();
    }

    private boolean isCleanAndAscending(double low, double high, long earliestTime, long latestTime) {
        long previous = earliestTime - 1;
        for (int i = 0; i < size; i++) {
            long time = times[i];
            double value = values[i];
            // A comparison with NaN is false; infinities lie outside any range.
            if (!(value >= low && value <= high) || time <= previous || time > latestTime) {
                return false;
            }
            previous = time;
        }
        return true;
    }

    private static Reason valueRejection(double value, VitalSign sign, ValueRange accepted) {
        if (!Double.isFinite(value)) {
            return Reason.NOT_FINITE;
        } else if (sign == null) {
            return null;
        } else if (sign.isInAnotherUnit(value)) {
            return Reason.VALUE_IN_ANOTHER_UNIT;
        }
        return accepted.contains(value) ? null : Reason.IMPLAUSIBLE;
    }

    /** Replaces the columns by the readings at the first {@code kept} original indexes. */
    private void gatherColumns(int kept) {
        var newTimes = new long[kept];
        var newValues = new double[kept];
        for (int i = 0; i < kept; i++) {
            newTimes[i] = block.times()[originalIndexes[i]];
            newValues[i] = block.values()[originalIndexes[i]];
        }
        times = newTimes;
        values = newValues;
        size = kept;
    }

    private void resolveRepeatedTimes() {
        int kept = 0;
        for (int i = 0; i < size; i++) {
            if (kept == 0 || times[kept - 1] != times[i]) {
                move(i, kept++);
            } else if (Double.doubleToRawLongBits(values[kept - 1]) == Double.doubleToRawLongBits(values[i])) {
                duplicates++;
            } else {
                reject(originalIndexes[i], Reason.CONFLICTING_VALUE);
            }
        }
        size = kept;
    }

    /**
     * Rejects what is not above the other. Equal pressures remain if they are below the plausible ones of a systolic
     * pressure: an arterial line shows them when the heart stands still.
     */
    static void rejectCrossed(BlockScreener systolic, BlockScreener diastolic, double lowestPlausible) {
        int s = 0;
        int d = 0;
        int keptSystolic = 0;
        int keptDiastolic = 0;
        while (s < systolic.size && d < diastolic.size) {
            long systolicTime = systolic.times[s];
            long diastolicTime = diastolic.times[d];
            if (systolicTime < diastolicTime) {
                systolic.move(s++, keptSystolic++);
            } else if (diastolicTime < systolicTime) {
                diastolic.move(d++, keptDiastolic++);
            } else if (areInOrder(systolic.values[s], diastolic.values[d], lowestPlausible)) {
                systolic.move(s++, keptSystolic++);
                diastolic.move(d++, keptDiastolic++);
            } else {
                systolic.rejectCrossed(s++);
                diastolic.rejectCrossed(d++);
            }
        }
        systolic.keepFrom(s, keptSystolic);
        diastolic.keepFrom(d, keptDiastolic);
    }

    private static boolean areInOrder(double systolic, double diastolic, double lowestPlausible) {
        return systolic > diastolic || (systolic == diastolic && systolic < lowestPlausible);
    }

    private void rejectCrossed(int index) {
        copyColumnsOnce();
        reject(originalIndexes[index], Reason.PRESSURES_CROSSED);
    }

    private void keepFrom(int from, int kept) {
        for (int i = from; i < size; i++) {
            move(i, kept++);
        }
        size = kept;
    }

    private void move(int from, int to) {
        if (from != to) {
            times[to] = times[from];
            values[to] = values[from];
            originalIndexes[to] = originalIndexes[from];
        }
    }

    /** The arrays belong to the batch, so the screener copies them before it moves the first reading. */
    private void copyColumnsOnce() {
        if (originalIndexes == null) {
            times = times.clone();
            values = values.clone();
            originalIndexes = new int[times.length];
            Arrays.setAll(originalIndexes, i -> i);
        }
    }

    private void reject(int index, Reason reason) {
        int r = reason.ordinal();
        if (rejectedIndexes[r] == null) {
            rejectedIndexes[r] = new int[Math.min(8, block.times().length)];
        } else if (rejectedCounts[r] == rejectedIndexes[r].length) {
            rejectedIndexes[r] = Arrays.copyOf(rejectedIndexes[r], rejectedIndexes[r].length * 2);
        }
        rejectedIndexes[r][rejectedCounts[r]++] = index;
    }

    ScreenedBatch.Block toScreenedBlock(Series series) {
        if (size == times.length) {
            return new ScreenedBatch.Block(new Columns(series, times, values), originalIndexes);
        }
        var columns = new Columns(series, Arrays.copyOf(times, size), Arrays.copyOf(values, size));
        return new ScreenedBatch.Block(columns, Arrays.copyOf(originalIndexes, size));
    }

    void addRejectionsTo(List<Rejection> rejections) {
        for (var reason : REASONS) {
            int count = rejectedCounts[reason.ordinal()];
            if (count > 0) {
                var indexes = Arrays.copyOf(rejectedIndexes[reason.ordinal()], count);
                Arrays.sort(indexes);
                rejections.add(new Rejection(code(), reason, indexes));
            }
        }
    }
}
