package io.pulseplane.vitals.chunk;

/** Decodes the times of an irregular block, which {@link TimesEncoder} wrote. Regular times need no decoder. */
final class TimesDecoder {

    private final IntegerUnpacker unpacker;

    TimesDecoder(IntegerUnpacker unpacker) {
        this.unpacker = unpacker;
    }

    /**
     * Decodes the times of a block of {@code count} readings, at least two, that starts at {@code start}. Rejects times
     * that do not ascend, or do not end at {@code end}.
     */
    void decode(ByteReader source, int encoding, int count, long unit, long start, long end, long[] target) {
        long base = source.readVarint();
        target[0] = start;
        switch (encoding) {
            case ChunkFormat.TIMES_DELTA -> {
                unpacker.read(source, target, 1, count - 1);
                restoreFromDeltas(unit, base, count, target);
            }
            case ChunkFormat.TIMES_DELTA_OF_DELTA -> {
                unpacker.read(source, target, 2, count - 2);
                restoreFromDeltasOfDeltas(unit, base, count, target);
            }
            default -> {
                long averageResidual = source.readSignedVarint();
                unpacker.read(source, target, 1, count - 1);
                restoreFromLine(unit, base, averageResidual, count, target);
            }
        }
        int ascents = 0;
        for (int i = 1; i < count; i++) {
            ascents += target[i] > target[i - 1] ? 1 : 0;
        }
        if (ascents != count - 1 || target[count - 1] != end) {
            throw new CorruptDataException("the times do not ascend to the end of the block");
        }
    }

    private static void restoreFromDeltas(long unit, long base, int count, long[] target) {
        long time = target[0];
        for (int i = 1; i < count; i++) {
            time += (base + target[i]) * unit;
            target[i] = time;
        }
    }

    private static void restoreFromDeltasOfDeltas(long unit, long base, int count, long[] target) {
        long time = target[0] + base * unit;
        long delta = base;
        target[1] = time;
        for (int i = 2; i < count; i++) {
            delta += ChunkFormat.unzigzag(target[i]);
            time += delta * unit;
            target[i] = time;
        }
    }

    private static void restoreFromLine(long unit, long base, long averageResidual, int count, long[] target) {
        long start = target[0];
        for (int i = 1; i < count; i++) {
            target[i] = start + (i * base + averageResidual + ChunkFormat.unzigzag(target[i])) * unit;
        }
    }
}
