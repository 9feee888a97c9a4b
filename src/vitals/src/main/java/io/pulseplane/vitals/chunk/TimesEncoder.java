package io.pulseplane.vitals.chunk;

/**
 * Encodes the times of a block. Regular times take a few bytes, and one byte if they continue the previous block.
 * Irregular times are counted in the largest unit that divides all deltas (the smallest delta itself, a second, a
 * millisecond), and written in the smallest of three encodings: deltas, deltas of deltas, or residuals of a line.
 */
final class TimesEncoder {

    private static final long[] COMMON_UNITS = {1_000_000, 1_000};

    private final IntegerPacker packer;
    private final long[] deltas = new long[ChunkFormat.BLOCK_SIZE];
    private final long[] deltasInUnits = new long[ChunkFormat.BLOCK_SIZE];
    private final long[] residuals = new long[ChunkFormat.BLOCK_SIZE];

    private long plan;

    /** The last time of the previous block, and its step, or 0 if it was not regular. */
    private long previousLastTime;

    private long previousStep;

    TimesEncoder(IntegerPacker packer) {
        this.packer = packer;
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
        long differences = 0;
        for (int i = 1; i < count; i++) {
            differences |= (times[from + i] - times[from + i - 1]) ^ step;
        }
        return differences == 0;
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
        int encoding = chooseEncoding(length, span);
        long gap = times[from] - previousLastTime;
        boolean gapInUnits = !first && Long.remainderUnsigned(gap, unit) == 0;
        sink.put(encoding | (gapInUnits ? ChunkFormat.TIMES_GAP_IN_UNITS : 0));
        sink.putVarint(unit);
        writeGapAndSpan(sink, gapInUnits ? Long.divideUnsigned(gap, unit) : gap, first, span, last);
        int start = sink.position();
        switch (encoding) {
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

    /** Returns the smallest encoding, and leaves its plan in {@link #plan}. */
    private int chooseEncoding(int length, long span) {
        fillDeltaResiduals(length);
        plan = packer.plan(residuals, length);
        int encoding = ChunkFormat.TIMES_DELTA;
        fillDeltaOfDeltaResiduals(length);
        long candidate = packer.plan(residuals, length - 1);
        if (IntegerPacker.plannedBytes(candidate) < IntegerPacker.plannedBytes(plan)) {
            plan = candidate;
            encoding = ChunkFormat.TIMES_DELTA_OF_DELTA;
        }
        fillLinearResiduals(length, span);
        candidate = packer.plan(residuals, length);
        if (IntegerPacker.plannedBytes(candidate) < IntegerPacker.plannedBytes(plan)) {
            plan = candidate;
            encoding = ChunkFormat.TIMES_LINEAR;
        }
        return encoding;
    }

    /** Returns the largest unit, and leaves the deltas in that unit in {@link #deltasInUnits}. */
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
     * Divides every delta, or returns false at the first that is not a multiple of the unit. An exact division is a
     * multiplication by the inverse of the odd part of the divisor; a quotient that is too large shows that there was a
     * remainder (Granlund and Montgomery, 1994).
     */
    private boolean divideExactly(int length, long unit) {
        int trailingZeros = Long.numberOfTrailingZeros(unit);
        long odd = unit >>> trailingZeros;
        long inverse = odd;
        for (int correctBits = 3; correctBits < Long.SIZE; correctBits *= 2) {
            inverse *= 2 - odd * inverse;
        }
        long maxQuotient = Long.divideUnsigned(-1, unit);
        for (int i = 0; i < length; i++) {
            long quotient = Long.rotateRight(deltas[i] * inverse, trailingZeros);
            if (Long.compareUnsigned(quotient, maxQuotient) > 0) {
                return false;
            }
            deltasInUnits[i] = quotient;
        }
        return true;
    }

    /** @return the smallest delta, which the method subtracts from all */
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

    /** Returns the rounded slope, in units, of the line from the first time to the last. */
    private static long slope(int length, long span) {
        long step = Long.divideUnsigned(span, length);
        return 2 * (span - step * length) > length ? step + 1 : step;
    }

    /** @return the average residual, which the method subtracts from all */
    private long fillLinearResiduals(int length, long span) {
        long step = slope(length, span);
        long residual = 0;
        long sum = 0;
        for (int i = 0; i < length; i++) {
            residual += deltasInUnits[i] - step;
            residuals[i] = residual;
            sum += residual;
        }
        long average = sum / length;
        for (int i = 0; i < length; i++) {
            residuals[i] = ChunkFormat.zigzag(residuals[i] - average);
        }
        return average;
    }
}
