package io.pulseplane.store.chunk;

/** Reads the values of a block, which {@link ValuesEncoder} wrote. */
final class ValuesDecoder {

    private final Unpacking unpacking;
    private final long[] integers = new long[Format.BLOCK];
    private final int[] exceptions = new int[Format.BLOCK];
    private final long[] exceptionBits = new long[Format.BLOCK];
    private int exceptionCount;

    ValuesDecoder(Unpacking unpacking) {
        this.unpacking = unpacking;
    }

    /** Decodes a block of {@code count}, and copies the values from index {@code from} to {@code to}, exclusive. */
    void decode(Source source, int count, int from, int to, double[] into, int at) {
        int first = source.next();
        int scale = first & 0xF;
        int mapping = first >> 4 & 3;
        if (mapping == Format.VALUES_BITS) {
            scale = source.upTo(Long.SIZE - 1);
        }
        exceptionCount = 0;
        if ((first & Format.VALUES_WITH_EXCEPTIONS) != 0) {
            readExceptions(source, count);
        }
        if ((first & Format.VALUES_AS_DELTAS) != 0) {
            readDeltas(source, count);
        } else {
            readDistances(source, count);
        }
        switch (mapping) {
            case Format.VALUES_DECIMAL -> fromDecimals(Decimals.power(scale), from, to, into, at);
            case Format.VALUES_DECIMAL_FLOAT -> fromFloats(Decimals.power(scale), from, to, into, at);
            case Format.VALUES_BITS -> fromBits(scale, from, to, into, at);
            default -> throw new ChunkDamaged("unknown mapping of values");
        }
        for (int i = 0; i < exceptionCount; i++) {
            if (exceptions[i] >= from && exceptions[i] < to) {
                into[at + exceptions[i] - from] = Double.longBitsToDouble(exceptionBits[i]);
            }
        }
    }

    private void readExceptions(Source source, int count) {
        exceptionCount = source.upTo(count);
        int index = -1;
        for (int i = 0; i < exceptionCount; i++) {
            index += 1 + source.upTo(count);
            if (index >= count) {
                throw new ChunkDamaged("exception outside of the block");
            }
            exceptions[i] = index;
            exceptionBits[i] = source.fixed();
        }
    }

    private void readDeltas(Source source, int count) {
        long integer = source.signed();
        integers[0] = integer;
        unpacking.read(source, integers, 1, count - 1);
        for (int i = 1; i < count; i++) {
            integer += Format.unzigzag(integers[i]);
            integers[i] = integer;
        }
    }

    private void readDistances(Source source, int count) {
        long base = source.signed();
        unpacking.read(source, integers, 0, count);
        for (int i = 0; i < count; i++) {
            integers[i] += base;
        }
    }

    private void fromDecimals(double power, int from, int to, double[] into, int at) {
        for (int i = from; i < to; i++) {
            into[at + i - from] = integers[i] / power;
        }
    }

    private void fromFloats(double power, int from, int to, double[] into, int at) {
        for (int i = from; i < to; i++) {
            into[at + i - from] = (float) (integers[i] / power);
        }
    }

    private void fromBits(int shift, int from, int to, double[] into, int at) {
        for (int i = from; i < to; i++) {
            into[at + i - from] = Double.longBitsToDouble(integers[i] << shift);
        }
    }
}
