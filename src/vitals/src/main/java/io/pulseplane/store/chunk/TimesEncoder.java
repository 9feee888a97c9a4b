package io.pulseplane.store.chunk;

/**
 * Writes the times of a block. Regular times take a few bytes, and none if they continue the block before. Others are
 * counted in the largest unit that divides all distances (a millisecond, a second, the smallest distance itself), and
 * written in the smallest of three ways: distances, distances of distances, or how far off a straight line they are.
 */
final class TimesEncoder {

    private static final long[] UNITS = {1_000_000, 1_000};

    private final Packing packing;
    private final long[] steps = new long[Format.BLOCK];
    private final long[] units = new long[Format.BLOCK];
    private final long[] packed = new long[Format.BLOCK];

    private long plan;

    /** Of the block before: its last time, and its step or 0 if it was not regular. */
    private long previousEnd;

    private long previousStep;

    TimesEncoder(Packing packing) {
        this.packing = packing;
    }

    void encode(Sink sink, long[] times, int from, int count, boolean first, boolean last) {
        long start = times[from];
        long end = times[from + count - 1];
        long gap = start - previousEnd;
        long step = count == 1 ? 0 : times[from + 1] - start;
        boolean regular = isRegular(times, from, count, step);
        if (!first && regular && previousStep != 0 && gap == previousStep && (step == gap || count == 1)) {
            sink.put(Format.TIMES_CONTINUE);
        } else if (regular) {
            sink.put(Format.TIMES_REGULAR);
            writeEnds(sink, gap, first, end - start, last);
            previousStep = step;
        } else {
            encodeIrregular(sink, times, from, count, first, last);
            previousStep = 0;
        }
        previousEnd = end;
    }

    private static boolean isRegular(long[] times, int from, int count, long step) {
        long different = 0;
        for (int i = 1; i < count; i++) {
            different |= times[from + i] - times[from + i - 1] ^ step;
        }
        return different == 0;
    }

    private static void writeEnds(Sink sink, long gap, boolean first, long span, boolean last) {
        if (!first) {
            sink.varint(gap);
        }
        if (!last) {
            sink.varint(span);
        }
    }

    private void encodeIrregular(Sink sink, long[] times, int from, int count, boolean first, boolean last) {
        long unit = countUnits(times, from, count);
        int length = count - 1;
        long span = Long.divideUnsigned(times[from + length] - times[from], unit);
        int way = smallestWay(length, span);
        long gap = times[from] - previousEnd;
        boolean gapInUnits = !first && Long.remainderUnsigned(gap, unit) == 0;
        sink.put(way | (gapInUnits ? Format.TIMES_GAP_IN_UNITS : 0));
        sink.varint(unit);
        writeEnds(sink, gapInUnits ? Long.divideUnsigned(gap, unit) : gap, first, span, last);
        int start = sink.position();
        switch (way) {
            case Format.TIMES_DELTAS -> {
                sink.varint(packDistances(length));
                packing.write(sink, packed, length, plan);
            }
            case Format.TIMES_DELTAS_OF_DELTAS -> {
                packDistancesOfDistances(length);
                sink.varint(units[0]);
                packing.write(sink, packed, length - 1, plan);
            }
            default -> {
                sink.varint(line(length, span));
                sink.signed(packLine(length, span));
                packing.write(sink, packed, length, plan);
            }
        }
        sink.prefixWithLength(start);
    }

    /** Leaves the plan of that way. */
    private int smallestWay(int length, long span) {
        packDistances(length);
        plan = packing.plan(packed, length);
        int way = Format.TIMES_DELTAS;
        packDistancesOfDistances(length);
        long other = packing.plan(packed, length - 1);
        if (Packing.size(other) < Packing.size(plan)) {
            plan = other;
            way = Format.TIMES_DELTAS_OF_DELTAS;
        }
        packLine(length, span);
        other = packing.plan(packed, length);
        if (Packing.size(other) < Packing.size(plan)) {
            plan = other;
            way = Format.TIMES_ALONG_A_LINE;
        }
        return way;
    }

    /** Leaves the distances in the unit it answers. */
    private long countUnits(long[] times, int from, int count) {
        long smallest = -1;
        for (int i = 1; i < count; i++) {
            long step = times[from + i] - times[from + i - 1];
            steps[i - 1] = step;
            smallest = Long.compareUnsigned(step, smallest) < 0 ? step : smallest;
        }
        if (divide(count - 1, smallest)) {
            return smallest;
        }
        for (long unit : UNITS) {
            if (divide(count - 1, unit)) {
                return unit;
            }
        }
        System.arraycopy(steps, 0, units, 0, count - 1);
        return 1;
    }

    /**
     * Divides every distance, or stops at the first that is no multiple. An exact division is a multiplication by the
     * inverse of the odd part of the divisor, and a quotient that is too large is how it shows that there was a remainder
     * (Granlund and Montgomery, 1994).
     */
    private boolean divide(int length, long unit) {
        int twos = Long.numberOfTrailingZeros(unit);
        long odd = unit >>> twos;
        long inverse = odd;
        for (int correct = 3; correct < Long.SIZE; correct *= 2) {
            inverse *= 2 - odd * inverse;
        }
        long most = Long.divideUnsigned(-1, unit);
        for (int i = 0; i < length; i++) {
            long quotient = Long.rotateRight(steps[i] * inverse, twos);
            if (Long.compareUnsigned(quotient, most) > 0) {
                return false;
            }
            units[i] = quotient;
        }
        return true;
    }

    /** @return the smallest distance, which is taken off all */
    private long packDistances(int length) {
        long smallest = -1;
        for (int i = 0; i < length; i++) {
            smallest = Long.compareUnsigned(units[i], smallest) < 0 ? units[i] : smallest;
        }
        for (int i = 0; i < length; i++) {
            packed[i] = units[i] - smallest;
        }
        return smallest;
    }

    private void packDistancesOfDistances(int length) {
        for (int i = 1; i < length; i++) {
            packed[i - 1] = Format.zigzag(units[i] - units[i - 1]);
        }
    }

    /** How many units from one time to the next, were they on the line from the first to the last. */
    private static long line(int length, long span) {
        long step = Long.divideUnsigned(span, length);
        return 2 * (span - step * length) > length ? step + 1 : step;
    }

    /** @return how far off the line the times are on average, which is taken off all */
    private long packLine(int length, long span) {
        long step = line(length, span);
        long off = 0;
        long sum = 0;
        for (int i = 0; i < length; i++) {
            off += units[i] - step;
            packed[i] = off;
            sum += off;
        }
        long average = sum / length;
        for (int i = 0; i < length; i++) {
            packed[i] = Format.zigzag(packed[i] - average);
        }
        return average;
    }
}
