package io.pulseplane.store.chunk;

/**
 * Writes the values of a block: as decimals where all or nearly all are, as bits where that is smaller. Integers are taken
 * as they are, less the smallest, or as differences; again whichever is smaller.
 */
final class ValuesEncoder {

    private final Decimals decimals = new Decimals();
    private final Packing packing;
    private final long[] integers = new long[Format.BLOCK];

    /** What is packed of the integers: differences, or distances from the smallest. */
    private final long[] packed = new long[Format.BLOCK];

    /** How the values became the integers: mapping, and scale or shift. */
    private int mapping;

    private int scale;

    /** What {@link #weigh} found. */
    private boolean deltas;

    private long base;
    private long plan;

    ValuesEncoder(Packing packing) {
        this.packing = packing;
    }

    /** Leaves in {@link #exactScale} and {@link #integers} what the summary is made of. */
    void encode(Sink sink, double[] values, int from, int count) {
        int sampled = decimals.scaleOfSample(values, from, count, false);
        if (toDecimals(values, from, count, Format.VALUES_DECIMAL, sampled) > 0) {
            chooseMapping(values, from, count, sampled);
        }
        weigh(count);
        write(sink, values, from, count);
    }

    /** The scale of all values of the block just written, and the smallest such; -1 if they are not all decimals. */
    int exactScale() {
        return mapping == Format.VALUES_DECIMAL && decimals.exceptions() == 0 ? scale : -1;
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
        scale = at;
        return decimals.toIntegers(values, from, count, at, kind == Format.VALUES_DECIMAL_FLOAT, integers);
    }

    /** Not every value is a decimal of the scale of a few: other mappings are compared by what they come to. */
    private void chooseMapping(double[] values, int from, int count, int sampled) {
        int decimalFloat = decimals.scaleOfSample(values, from, count, true);
        if (toDecimals(values, from, count, Format.VALUES_DECIMAL_FLOAT, decimalFloat) == 0) {
            return;
        }
        int decimal = sampled < 0 ? -1 : decimals.scaleOfAll(values, from, count, false);
        toBits(values, from, count);
        weigh(count);
        int bits = Packing.size(plan);
        int asDecimals = sizeOf(values, from, count, Format.VALUES_DECIMAL, decimal, bits);
        int asFloats = sizeOf(values, from, count, Format.VALUES_DECIMAL_FLOAT, decimalFloat, bits);
        if (asDecimals < bits && asDecimals <= asFloats) {
            toDecimals(values, from, count, Format.VALUES_DECIMAL, decimal);
        } else if (asFloats < bits) {
            toDecimals(values, from, count, Format.VALUES_DECIMAL_FLOAT, decimalFloat);
        } else {
            toBits(values, from, count);
        }
    }

    private int sizeOf(double[] values, int from, int count, int kind, int at, int most) {
        int exceptions = toDecimals(values, from, count, kind, at);
        int size = exceptions * Long.BYTES + Packing.distances(exceptions, count);
        if (exceptions == count || size >= most) {
            return Integer.MAX_VALUE;
        }
        weigh(count);
        return size + Packing.size(plan);
    }

    private void toBits(double[] values, int from, int count) {
        long all = 0;
        for (int i = 0; i < count; i++) {
            integers[i] = Double.doubleToRawLongBits(values[from + i]);
            all |= integers[i];
        }
        mapping = Format.VALUES_BITS;
        scale = all == 0 ? 0 : Long.numberOfTrailingZeros(all);
        for (int i = 0; i < count; i++) {
            integers[i] >>= scale;
        }
    }

    /** Neighbours are near each other, or values keep within bounds: decides which, by size, and leaves it packed. */
    private void weigh(int count) {
        long min = Long.MAX_VALUE;
        long max = Long.MIN_VALUE;
        for (int i = 0; i < count; i++) {
            min = Math.min(min, integers[i]);
            max = Math.max(max, integers[i]);
        }
        int width = Long.SIZE - Long.numberOfLeadingZeros(max - min);
        plan = Packing.plan(1 + Packing.bytes(count * width), width);
        base = min;
        deltas = false;
        if (width > 0) {
            for (int i = 1; i < count; i++) {
                packed[i - 1] = Format.zigzag(integers[i] - integers[i - 1]);
            }
            long planned = packing.plan(packed, count - 1);
            if (Packing.size(planned) < Packing.size(plan)) {
                plan = planned;
                base = integers[0];
                deltas = true;
            }
        }
    }

    private void write(Sink sink, double[] values, int from, int count) {
        boolean bits = mapping == Format.VALUES_BITS;
        int exceptions = bits ? 0 : decimals.exceptions();
        sink.put((bits ? 0 : scale)
                | mapping << 4
                | (deltas ? Format.VALUES_AS_DELTAS : 0)
                | (exceptions > 0 ? Format.VALUES_WITH_EXCEPTIONS : 0));
        if (bits) {
            sink.put(scale);
        }
        if (exceptions > 0) {
            writeExceptions(sink, values, from, exceptions);
        }
        sink.signed(base);
        if (!deltas) {
            for (int i = 0; i < count; i++) {
                packed[i] = integers[i] - base;
            }
        }
        packing.write(sink, packed, deltas ? count - 1 : count, plan);
    }

    private void writeExceptions(Sink sink, double[] values, int from, int exceptions) {
        sink.varint(exceptions);
        int previous = -1;
        for (int i = 0; i < exceptions; i++) {
            int index = decimals.exception(i);
            sink.varint(index - previous - 1);
            sink.fixed(Double.doubleToRawLongBits(values[from + index]));
            previous = index;
        }
    }
}
