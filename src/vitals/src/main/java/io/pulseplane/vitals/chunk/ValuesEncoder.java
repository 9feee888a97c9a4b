package io.pulseplane.vitals.chunk;

/**
 * Encodes the values of a block. It maps them to integers: as decimals if all or nearly all are decimals, as raw bits
 * if that is smaller. It packs the integers with the smallest as frame of reference, or as deltas; again the smaller
 * one.
 */
final class ValuesEncoder {

    private final DecimalConverter converter = new DecimalConverter();
    private final IntegerPacker packer;
    private final long[] integers = new long[ChunkFormat.BLOCK_SIZE];

    /** The packed form of the integers: deltas, or distances from the frame of reference. */
    private final long[] residuals = new long[ChunkFormat.BLOCK_SIZE];

    /** The mapping from values to integers, and its scale or shift. */
    private int mapping;

    private int scaleOrShift;

    /** The choice of {@link #chooseDeltasOrReference}. */
    private boolean deltas;

    private long base;
    private long plan;

    ValuesEncoder(IntegerPacker packer) {
        this.packer = packer;
    }

    /** Encodes a block. Afterwards {@link #exactScale} and {@link #integers} have the input of the summary. */
    void encode(ByteWriter sink, double[] values, int from, int count) {
        int sampledScale = converter.chooseScaleBySample(values, from, count, false);
        if (toDecimals(values, from, count, ChunkFormat.VALUES_DECIMAL, sampledScale) > 0) {
            chooseMapping(values, from, count, sampledScale);
        }
        chooseDeltasOrReference(count);
        write(sink, values, from, count);
    }

    /** Returns the smallest scale of all values of the last block; -1 if they are not all decimals. */
    int exactScale() {
        return mapping == ChunkFormat.VALUES_DECIMAL && converter.exceptionCount() == 0 ? scaleOrShift : -1;
    }

    long[] integers() {
        return integers;
    }

    /** @return the number of exceptions; the size of the block if there is no scale */
    private int toDecimals(double[] values, int from, int count, int targetMapping, int scale) {
        if (scale < 0) {
            return count;
        }
        mapping = targetMapping;
        scaleOrShift = scale;
        return converter.toIntegers(
                values, from, count, scale, targetMapping == ChunkFormat.VALUES_DECIMAL_FLOAT, integers);
    }

    /** Compares the sizes of all mappings. Needed if a value is not a decimal of the scale of the sample. */
    private void chooseMapping(double[] values, int from, int count, int sampledScale) {
        int floatScale = converter.chooseScaleBySample(values, from, count, true);
        if (toDecimals(values, from, count, ChunkFormat.VALUES_DECIMAL_FLOAT, floatScale) == 0) {
            return;
        }
        int decimalScale = sampledScale < 0 ? -1 : converter.chooseScaleByAll(values, from, count, false);
        toBits(values, from, count);
        chooseDeltasOrReference(count);
        int bits = IntegerPacker.plannedBytes(plan);
        int asDecimals = plannedBytes(values, from, count, ChunkFormat.VALUES_DECIMAL, decimalScale, bits);
        int asFloats = plannedBytes(values, from, count, ChunkFormat.VALUES_DECIMAL_FLOAT, floatScale, bits);
        if (asDecimals < bits && asDecimals <= asFloats) {
            toDecimals(values, from, count, ChunkFormat.VALUES_DECIMAL, decimalScale);
        } else if (asFloats < bits) {
            toDecimals(values, from, count, ChunkFormat.VALUES_DECIMAL_FLOAT, floatScale);
        } else {
            toBits(values, from, count);
        }
    }

    private int plannedBytes(double[] values, int from, int count, int targetMapping, int scale, int limit) {
        int exceptions = toDecimals(values, from, count, targetMapping, scale);
        int size = exceptions * Long.BYTES + IntegerPacker.maxIndexGapBytes(exceptions, count);
        if (exceptions == count || size >= limit) {
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

    /** Plans the integers with a frame of reference and as deltas, and leaves the smaller plan. */
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
            long deltasPlan = packer.plan(residuals, count - 1);
            if (IntegerPacker.plannedBytes(deltasPlan) < IntegerPacker.plannedBytes(plan)) {
                plan = deltasPlan;
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
