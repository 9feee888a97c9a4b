package io.pulseplane.vitals.chunk;

/**
 * Writes the values of a block: as decimals where all or nearly all are, as bits where that is smaller. Integers are taken
 * as they are, less the smallest, or as differences; again whichever is smaller.
 */
final class ValuesEncoder {

    private final DecimalConverter converter = new DecimalConverter();
    private final IntegerPacker packer;
    private final long[] integers = new long[ChunkFormat.BLOCK_SIZE];

    /** What is packed of the integers: differences, or distances from the smallest. */
    private final long[] residuals = new long[ChunkFormat.BLOCK_SIZE];

    /** How the values became the integers: mapping, and scale or shift. */
    private int mapping;

    private int scaleOrShift;

    /** What {@link #chooseDeltasOrReference} found. */
    private boolean deltas;

    private long base;
    private long plan;

    ValuesEncoder(IntegerPacker packing) {
        this.packer = packing;
    }

    /** Leaves in {@link #exactScale} and {@link #integers} what the summary is made of. */
    void encode(ByteWriter sink, double[] values, int from, int count) {
        int sampled = converter.chooseScaleBySample(values, from, count, false);
        if (toDecimals(values, from, count, ChunkFormat.VALUES_DECIMAL, sampled) > 0) {
            chooseMapping(values, from, count, sampled);
        }
        chooseDeltasOrReference(count);
        write(sink, values, from, count);
    }

    /** The scale of all values of the block just written, and the smallest such; -1 if they are not all decimals. */
    int exactScale() {
        return mapping == ChunkFormat.VALUES_DECIMAL && converter.exceptionCount() == 0 ? scaleOrShift : -1;
    }

    long[] integers() {
        return integers;
    }

    /** @return the number of exceptions, all of the block if there is no scale */
    private int toDecimals(double[] values, int from, int count, int kind, int at) {
        if (at < 0) {
            return count;
        }
        mapping = kind;
        scaleOrShift = at;
        return converter.toIntegers(values, from, count, at, kind == ChunkFormat.VALUES_DECIMAL_FLOAT, integers);
    }

    /** Not every value is a decimal of the scale of a few: other mappings are compared by what they come to. */
    private void chooseMapping(double[] values, int from, int count, int sampled) {
        int decimalFloat = converter.chooseScaleBySample(values, from, count, true);
        if (toDecimals(values, from, count, ChunkFormat.VALUES_DECIMAL_FLOAT, decimalFloat) == 0) {
            return;
        }
        int decimal = sampled < 0 ? -1 : converter.chooseScaleByAll(values, from, count, false);
        toBits(values, from, count);
        chooseDeltasOrReference(count);
        int bits = IntegerPacker.plannedBytes(plan);
        int asDecimals = plannedBytes(values, from, count, ChunkFormat.VALUES_DECIMAL, decimal, bits);
        int asFloats = plannedBytes(values, from, count, ChunkFormat.VALUES_DECIMAL_FLOAT, decimalFloat, bits);
        if (asDecimals < bits && asDecimals <= asFloats) {
            toDecimals(values, from, count, ChunkFormat.VALUES_DECIMAL, decimal);
        } else if (asFloats < bits) {
            toDecimals(values, from, count, ChunkFormat.VALUES_DECIMAL_FLOAT, decimalFloat);
        } else {
            toBits(values, from, count);
        }
    }

    private int plannedBytes(double[] values, int from, int count, int kind, int at, int most) {
        int exceptions = toDecimals(values, from, count, kind, at);
        int size = exceptions * Long.BYTES + IntegerPacker.maxIndexGapBytes(exceptions, count);
        if (exceptions == count || size >= most) {
            return Integer.MAX_VALUE;
        }
        chooseDeltasOrReference(count);
        return size + IntegerPacker.plannedBytes(plan);
    }

    private void toBits(double[] values, int from, int count) {
        long all = 0;
        for (int i = 0; i < count; i++) {
            integers[i] = Double.doubleToRawLongBits(values[from + i]);
            all |= integers[i];
        }
        mapping = ChunkFormat.VALUES_RAW_BITS;
        scaleOrShift = all == 0 ? 0 : Long.numberOfTrailingZeros(all);
        for (int i = 0; i < count; i++) {
            integers[i] >>= scaleOrShift;
        }
    }

    /** Neighbours are near each other, or values keep within bounds: decides which, by size, and leaves it packed. */
    private void chooseDeltasOrReference(int count) {
        long min = Long.MAX_VALUE;
        long max = Long.MIN_VALUE;
        for (int i = 0; i < count; i++) {
            min = Math.min(min, integers[i]);
            max = Math.max(max, integers[i]);
        }
        int width = Long.SIZE - Long.numberOfLeadingZeros(max - min);
        plan = IntegerPacker.plan(1 + IntegerPacker.bytesForBits(count * width), width);
        base = min;
        deltas = false;
        if (width > 0) {
            for (int i = 1; i < count; i++) {
                residuals[i - 1] = ChunkFormat.zigzag(integers[i] - integers[i - 1]);
            }
            long planned = packer.plan(residuals, count - 1);
            if (IntegerPacker.plannedBytes(planned) < IntegerPacker.plannedBytes(plan)) {
                plan = planned;
                base = integers[0];
                deltas = true;
            }
        }
    }

    private void write(ByteWriter sink, double[] values, int from, int count) {
        boolean bits = mapping == ChunkFormat.VALUES_RAW_BITS;
        int exceptions = bits ? 0 : converter.exceptionCount();
        sink.put((bits ? 0 : scaleOrShift)
                | mapping << 4
                | (deltas ? ChunkFormat.VALUES_AS_DELTAS : 0)
                | (exceptions > 0 ? ChunkFormat.VALUES_WITH_EXCEPTIONS : 0));
        if (bits) {
            sink.put(scaleOrShift);
        }
        if (exceptions > 0) {
            writeExceptions(sink, values, from, exceptions);
        }
        sink.putSignedVarint(base);
        if (!deltas) {
            for (int i = 0; i < count; i++) {
                residuals[i] = integers[i] - base;
            }
        }
        packer.write(sink, residuals, deltas ? count - 1 : count, plan);
    }

    private void writeExceptions(ByteWriter sink, double[] values, int from, int exceptions) {
        sink.putVarint(exceptions);
        int previous = -1;
        for (int i = 0; i < exceptions; i++) {
            int index = converter.exceptionIndex(i);
            sink.putVarint(index - previous - 1);
            sink.putLong(Double.doubleToRawLongBits(values[from + index]));
            previous = index;
        }
    }
}
