package io.pulseplane.vitals.chunk;

/** Decodes the values of a block, which {@link ValuesEncoder} wrote. */
final class ValuesDecoder {

    private final IntegerUnpacker unpacker;
    private final long[] integers = new long[ChunkFormat.BLOCK_SIZE];
    private final int[] exceptionIndexes = new int[ChunkFormat.BLOCK_SIZE];
    private final long[] exceptionBits = new long[ChunkFormat.BLOCK_SIZE];
    private int exceptionCount;

    ValuesDecoder(IntegerUnpacker unpacker) {
        this.unpacker = unpacker;
    }

    /** Decodes a block of {@code count} values, and copies those from index {@code from} to {@code to}, exclusive. */
    void decode(ByteReader source, int count, int from, int to, double[] target, int targetIndex) {
        int first = source.readByte();
        int scale = first & 0xF;
        int mapping = (first >> 4) & 3;
        if (mapping == ChunkFormat.VALUES_RAW_BITS) {
            scale = source.readVarintUpTo(Long.SIZE - 1);
        }
        exceptionCount = 0;
        if ((first & ChunkFormat.VALUES_WITH_EXCEPTIONS) != 0) {
            readExceptions(source, count);
        }
        if ((first & ChunkFormat.VALUES_AS_DELTAS) != 0) {
            readDeltas(source, count);
        } else {
            readFrameOfReference(source, count);
        }
        switch (mapping) {
            case ChunkFormat.VALUES_DECIMAL ->
                fromDecimals(DecimalConverter.powerOfTen(scale), from, to, target, targetIndex);
            case ChunkFormat.VALUES_DECIMAL_FLOAT ->
                fromFloats(DecimalConverter.powerOfTen(scale), from, to, target, targetIndex);
            case ChunkFormat.VALUES_RAW_BITS -> fromBits(scale, from, to, target, targetIndex);
            default -> throw new CorruptDataException("unknown mapping of values");
        }
        for (int i = 0; i < exceptionCount; i++) {
            if (exceptionIndexes[i] >= from && exceptionIndexes[i] < to) {
                target[targetIndex + exceptionIndexes[i] - from] = Double.longBitsToDouble(exceptionBits[i]);
            }
        }
    }

    private void readExceptions(ByteReader source, int count) {
        exceptionCount = source.readVarintUpTo(count);
        int index = -1;
        for (int i = 0; i < exceptionCount; i++) {
            index += 1 + source.readVarintUpTo(count);
            if (index >= count) {
                throw new CorruptDataException("an exception is outside of the block");
            }
            exceptionIndexes[i] = index;
            exceptionBits[i] = source.readLong();
        }
    }

    private void readDeltas(ByteReader source, int count) {
        long integer = source.readSignedVarint();
        integers[0] = integer;
        unpacker.read(source, integers, 1, count - 1);
        for (int i = 1; i < count; i++) {
            integer += ChunkFormat.unzigzag(integers[i]);
            integers[i] = integer;
        }
    }

    private void readFrameOfReference(ByteReader source, int count) {
        long base = source.readSignedVarint();
        unpacker.read(source, integers, 0, count);
        for (int i = 0; i < count; i++) {
            integers[i] += base;
        }
    }

    private void fromDecimals(double power, int from, int to, double[] target, int targetIndex) {
        for (int i = from; i < to; i++) {
            target[targetIndex + i - from] = integers[i] / power;
        }
    }

    private void fromFloats(double power, int from, int to, double[] target, int targetIndex) {
        for (int i = from; i < to; i++) {
            target[targetIndex + i - from] = (float) (integers[i] / power);
        }
    }

    private void fromBits(int shift, int from, int to, double[] target, int targetIndex) {
        for (int i = from; i < to; i++) {
            target[targetIndex + i - from] = Double.longBitsToDouble(integers[i] << shift);
        }
    }
}
