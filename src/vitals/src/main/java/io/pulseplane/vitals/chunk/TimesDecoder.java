package io.pulseplane.vitals.chunk;

/** Reads the times of an irregular block, which {@link TimesEncoder} wrote. Regular ones are computed, not read. */
final class TimesDecoder {

    private final IntegerUnpacker unpacker;

    TimesDecoder(IntegerUnpacker unpacking) {
        this.unpacker = unpacking;
    }

    /**
     * Decodes a block of {@code count}, at least two, that starts with {@code start}; refuses what does not ascend or does
     * not end with {@code end}.
     */
    void decode(ByteReader source, int way, int count, long unit, long start, long end, long[] into) {
        long base = source.readVarint();
        into[0] = start;
        switch (way) {
            case ChunkFormat.TIMES_DELTA -> {
                unpacker.read(source, into, 1, count - 1);
                restoreFromDeltas(unit, base, count, into);
            }
            case ChunkFormat.TIMES_DELTA_OF_DELTA -> {
                unpacker.read(source, into, 2, count - 2);
                restoreFromDeltasOfDeltas(unit, base, count, into);
            }
            default -> {
                long off = source.readSignedVarint();
                unpacker.read(source, into, 1, count - 1);
                restoreFromLine(unit, base, off, count, into);
            }
        }
        int late = 0;
        for (int i = 1; i < count; i++) {
            late += into[i] > into[i - 1] ? 1 : 0;
        }
        if (late != count - 1 || into[count - 1] != end) {
            throw new CorruptChunkException("times do not ascend to the end of the block");
        }
    }

    private static void restoreFromDeltas(long unit, long base, int count, long[] into) {
        long time = into[0];
        for (int i = 1; i < count; i++) {
            time += (base + into[i]) * unit;
            into[i] = time;
        }
    }

    private static void restoreFromDeltasOfDeltas(long unit, long base, int count, long[] into) {
        long time = into[0] + base * unit;
        long distance = base;
        into[1] = time;
        for (int i = 2; i < count; i++) {
            distance += ChunkFormat.unzigzag(into[i]);
            time += distance * unit;
            into[i] = time;
        }
    }

    private static void restoreFromLine(long unit, long base, long off, int count, long[] into) {
        long start = into[0];
        for (int i = 1; i < count; i++) {
            into[i] = start + (i * base + off + ChunkFormat.unzigzag(into[i])) * unit;
        }
    }
}
