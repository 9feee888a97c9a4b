package io.pulseplane.vitals.chunk;

/**
 * Writes the times of a block. Regular times take a few bytes, and none if they continue the block before. Others are
 * counted in the largest unit that divides all distances (a millisecond, a second, the smallest distance itself), and
 * written in the smallest of three ways: distances, distances of distances, or how far off a straight line they are.
 */
final class TimesEncoder {

    private static final long[] COMMON_UNITS = {1_000_000, 1_000};

    private final IntegerPacker packer;
    private final long[] deltas = new long[ChunkFormat.BLOCK_SIZE];
    private final long[] deltasInUnits = new long[ChunkFormat.BLOCK_SIZE];
    private final long[] residuals = new long[ChunkFormat.BLOCK_SIZE];

    private long plan;

    /** Of the block before: its last time, and its step or 0 if it was not regular. */
    private long previousLastTime;

    private long previousStep;

    TimesEncoder(IntegerPacker packing) {
        this.packer = packing;
    }

    void encode(ByteWriter sink, long[] times, int from, int count, boolean first, boolean last) {
        long start = times[from];
        long end = times[from + count - 1];
        long gap = start - previousLastTime;
        long step = count == 1 ? 0 : times[from + 1] - start;
        boolean regular = isRegular(times, from, count, step);
        if (!first && regular && previousStep != 0 && gap == previousStep && (step == gap || count == 1)) {
            sink.put(ChunkFormat.TIMES_CONTINUATION);
        } else if (regular) {
            sink.put(ChunkFormat.TIMES_REGULAR);
            writeGapAndSpan(sink, gap, first, end - start, last);
            previousStep = step;
        } else {
            encodeIrregular(sink, times, from, count, first, last);
            previousStep = 0;
        }
        previousLastTime = end;
    }

    private static boolean isRegular(long[] times, int from, int count, long step) {
        long different = 0;
        for (int i = 1; i < count; i++) {
            different |= times[from + i] - times[from + i - 1] ^ step;
        }
        return different == 0;
    }

    private static void writeGapAndSpan(ByteWriter sink, long gap, boolean first, long span, boolean last) {
        if (!first) {
            sink.putVarint(gap);
        }
        if (!last) {
            sink.putVarint(span);
        }
    }

    private void encodeIrregular(ByteWriter sink, long[] times, int from, int count, boolean first, boolean last) {
        long unit = divideByLargestUnit(times, from, count);
        int length = count - 1;
        long span = Long.divideUnsigned(times[from + length] - times[from], unit);
        int way = chooseEncoding(length, span);
        long gap = times[from] - previousLastTime;
        boolean gapInUnits = !first && Long.remainderUnsigned(gap, unit) == 0;
        sink.put(way | (gapInUnits ? ChunkFormat.TIMES_GAP_IN_UNITS : 0));
        sink.putVarint(unit);
        writeGapAndSpan(sink, gapInUnits ? Long.divideUnsigned(gap, unit) : gap, first, span, last);
        int start = sink.position();
        switch (way) {
            case ChunkFormat.TIMES_DELTA -> {
                sink.putVarint(fillDeltaResiduals(length));
                packer.write(sink, residuals, length, plan);
            }
            case ChunkFormat.TIMES_DELTA_OF_DELTA -> {
                fillDeltaOfDeltaResiduals(length);
                sink.putVarint(deltasInUnits[0]);
                packer.write(sink, residuals, length - 1, plan);
            }
            default -> {
                sink.putVarint(slope(length, span));
                sink.putSignedVarint(fillLinearResiduals(length, span));
                packer.write(sink, residuals, length, plan);
            }
        }
        sink.prefixWithLength(start);
    }

    /** Leaves the plan of that way. */
    private int chooseEncoding(int length, long span) {
        fillDeltaResiduals(length);
        plan = packer.plan(residuals, length);
        int way = ChunkFormat.TIMES_DELTA;
        fillDeltaOfDeltaResiduals(length);
        long other = packer.plan(residuals, length - 1);
        if (IntegerPacker.plannedBytes(other) < IntegerPacker.plannedBytes(plan)) {
            plan = other;
            way = ChunkFormat.TIMES_DELTA_OF_DELTA;
        }
        fillLinearResiduals(length, span);
        other = packer.plan(residuals, length);
        if (IntegerPacker.plannedBytes(other) < IntegerPacker.plannedBytes(plan)) {
            plan = other;
            way = ChunkFormat.TIMES_LINEAR;
        }
        return way;
    }

    /** Leaves the distances in the unit it answers. */
    private long divideByLargestUnit(long[] times, int from, int count) {
        long smallest = -1;
        for (int i = 1; i < count; i++) {
            long step = times[from + i] - times[from + i - 1];
            deltas[i - 1] = step;
            smallest = Long.compareUnsigned(step, smallest) < 0 ? step : smallest;
        }
        if (divideExactly(count - 1, smallest)) {
            return smallest;
        }
        for (long unit : COMMON_UNITS) {
            if (divideExactly(count - 1, unit)) {
                return unit;
            }
        }
        System.arraycopy(deltas, 0, deltasInUnits, 0, count - 1);
        return 1;
    }

    /**
     * Divides every distance, or stops at the first that is no multiple. An exact division is a multiplication by the
     * inverse of the odd part of the divisor, and a quotient that is too large is how it shows that there was a remainder
     * (Granlund and Montgomery, 1994).
     */
    private boolean divideExactly(int length, long unit) {
        int twos = Long.numberOfTrailingZeros(unit);
        long odd = unit >>> twos;
        long inverse = odd;
        for (int correct = 3; correct < Long.SIZE; correct *= 2) {
            inverse *= 2 - odd * inverse;
        }
        long most = Long.divideUnsigned(-1, unit);
        for (int i = 0; i < length; i++) {
            long quotient = Long.rotateRight(deltas[i] * inverse, twos);
            if (Long.compareUnsigned(quotient, most) > 0) {
                return false;
            }
            deltasInUnits[i] = quotient;
        }
        return true;
    }

    /** @return the smallest distance, which is taken off all */
    private long fillDeltaResiduals(int length) {
        long smallest = -1;
        for (int i = 0; i < length; i++) {
            smallest = Long.compareUnsigned(deltasInUnits[i], smallest) < 0 ? deltasInUnits[i] : smallest;
        }
        for (int i = 0; i < length; i++) {
            residuals[i] = deltasInUnits[i] - smallest;
        }
        return smallest;
    }

    private void fillDeltaOfDeltaResiduals(int length) {
        for (int i = 1; i < length; i++) {
            residuals[i - 1] = ChunkFormat.zigzag(deltasInUnits[i] - deltasInUnits[i - 1]);
        }
    }

    /** How many units from one time to the next, were they on the line from the first to the last. */
    private static long slope(int length, long span) {
        long step = Long.divideUnsigned(span, length);
        return 2 * (span - step * length) > length ? step + 1 : step;
    }

    /** @return how far off the line the times are on average, which is taken off all */
    private long fillLinearResiduals(int length, long span) {
        long step = slope(length, span);
        long off = 0;
        long sum = 0;
        for (int i = 0; i < length; i++) {
            off += deltasInUnits[i] - step;
            residuals[i] = off;
            sum += off;
        }
        long average = sum / length;
        for (int i = 0; i < length; i++) {
            residuals[i] = ChunkFormat.zigzag(residuals[i] - average);
        }
        return average;
    }
}
