package io.pulseplane.vitals.chunk;

import java.util.Arrays;

/** The positions and times of the blocks of a chunk. It reads the lengths in the bytes, and decodes no block. */
final class BlockIndex {

    /** The shortest block: one byte for the encoding of the times, and three bytes of values. */
    private static final int MIN_BLOCK_BYTES = 4;

    private int blockCount;
    private int lastBlockSize;

    private int[] timesEncodings = new int[0];
    private int[] timesStarts = new int[0];
    private int[] timesEnds = new int[0];
    private int[] valuesStarts = new int[0];
    private int[] valuesEnds = new int[0];
    private long[] firstTimes = new long[0];
    private long[] lastTimes = new long[0];

    /** The unit, in microseconds, in which an irregular block counts its times. */
    private long[] units = new long[0];

    /** The step from one time of a regular block to the next; 0 if the block has one reading or irregular times. */
    private long[] steps = new long[0];

    void read(ByteReader source, int count, long firstTime, long lastTime) {
        blockCount = ChunkFormat.blockCount(count);
        lastBlockSize = count - (blockCount - 1) * ChunkFormat.BLOCK_SIZE;
        if ((long) blockCount * MIN_BLOCK_BYTES > source.remaining()) {
            throw new CorruptDataException("the blocks do not fit into the bytes");
        }
        ensureCapacity();
        for (int block = 0; block < blockCount; block++) {
            readTimes(source, block, firstTime, lastTime);
            int length = block == blockCount - 1 ? source.remaining() : source.readVarintUpTo(source.remaining());
            valuesStarts[block] = source.position();
            source.skip(length);
            valuesEnds[block] = source.position();
        }
        if (lastTimes[blockCount - 1] != lastTime) {
            throw new CorruptDataException("the last time of the last block is not that of the chunk");
        }
    }

    private void ensureCapacity() {
        if (timesEncodings.length < blockCount) {
            timesEncodings = Arrays.copyOf(timesEncodings, blockCount);
            timesStarts = Arrays.copyOf(timesStarts, blockCount);
            timesEnds = Arrays.copyOf(timesEnds, blockCount);
            valuesStarts = Arrays.copyOf(valuesStarts, blockCount);
            valuesEnds = Arrays.copyOf(valuesEnds, blockCount);
            firstTimes = Arrays.copyOf(firstTimes, blockCount);
            lastTimes = Arrays.copyOf(lastTimes, blockCount);
            units = Arrays.copyOf(units, blockCount);
            steps = Arrays.copyOf(steps, blockCount);
        }
    }

    private void readTimes(ByteReader source, int block, long firstTime, long lastTime) {
        int first = source.readByte();
        int encoding = first & ~ChunkFormat.TIMES_GAP_IN_UNITS;
        if (encoding > ChunkFormat.TIMES_LINEAR || (first != encoding && encoding <= ChunkFormat.TIMES_REGULAR)) {
            throw new CorruptDataException("unknown encoding of times");
        }
        timesEncodings[block] = encoding;
        if (encoding == ChunkFormat.TIMES_CONTINUATION) {
            readContinuation(block, size(block));
            return;
        }
        long unit = encoding == ChunkFormat.TIMES_REGULAR ? 1 : source.readVarint();
        units[block] = unit;
        long gapUnit = first == encoding ? 1 : unit;
        firstTimes[block] = block == 0 ? firstTime : plusUnsigned(lastTimes[block - 1], readDelta(source, gapUnit));
        lastTimes[block] =
                block == blockCount - 1 ? lastTime : plusUnsigned(firstTimes[block], readDelta(source, unit));
        if (lastTimes[block] < firstTimes[block] || (block > 0 && firstTimes[block] == lastTimes[block - 1])) {
            throw new CorruptDataException("blocks do not ascend");
        }
        if (encoding == ChunkFormat.TIMES_REGULAR) {
            deriveStep(block);
        } else {
            skipTimes(source, block);
        }
    }

    private void deriveStep(int block) {
        int deltas = size(block) - 1;
        long span = lastTimes[block] - firstTimes[block];
        steps[block] = deltas == 0 ? 0 : Long.divideUnsigned(span, deltas);
        if (steps[block] * deltas != span || (deltas > 0 && span == 0)) {
            throw new CorruptDataException("the span of regular times is not a multiple of the step");
        }
    }

    private void skipTimes(ByteReader source, int block) {
        if (size(block) == 1) {
            throw new CorruptDataException("a block of one reading has irregular times");
        }
        steps[block] = 0;
        int length = source.readVarintUpTo(source.remaining());
        timesStarts[block] = source.position();
        source.skip(length);
        timesEnds[block] = source.position();
    }

    private void readContinuation(int block, int size) {
        long step = block == 0 ? 0 : steps[block - 1];
        if (step == 0 || Math.unsignedMultiplyHigh(step, size - 1) != 0) {
            throw new CorruptDataException("no regular block before a continuation");
        }
        firstTimes[block] = plusUnsigned(lastTimes[block - 1], step);
        lastTimes[block] = plusUnsigned(firstTimes[block], step * (size - 1));
        steps[block] = step;
    }

    private static long readDelta(ByteReader source, long unit) {
        long units = source.readVarint();
        if (Math.unsignedMultiplyHigh(units, unit) != 0) {
            throw new CorruptDataException("a time exceeds 64 bits");
        }
        return units * unit;
    }

    /** Adds an unsigned delta to a time, and rejects a sum that exceeds 64 bits. */
    static long plusUnsigned(long time, long delta) {
        if (Long.compareUnsigned(delta, Long.MAX_VALUE - time) > 0) {
            throw new CorruptDataException("a time exceeds 64 bits");
        }
        return time + delta;
    }

    int size(int block) {
        return block == blockCount - 1 ? lastBlockSize : ChunkFormat.BLOCK_SIZE;
    }

    int timesEncoding(int block) {
        return timesEncodings[block];
    }

    boolean isRegular(int block) {
        return timesEncodings[block] <= ChunkFormat.TIMES_REGULAR;
    }

    long unit(int block) {
        return units[block];
    }

    long firstTime(int block) {
        return firstTimes[block];
    }

    long lastTime(int block) {
        return lastTimes[block];
    }

    /** Returns the last block that starts at or before the time, which must not be before the first block. */
    int blockAt(long time) {
        int index = Arrays.binarySearch(firstTimes, 0, blockCount, time);
        return index >= 0 ? index : -index - 2;
    }

    /** Returns how many times of a regular block are before the given one, which must be within the block. */
    int regularLowerBound(int block, long time) {
        long delta = time - firstTimes[block];
        return delta == 0 ? 0 : (int) Long.divideUnsigned(delta - 1, steps[block]) + 1;
    }

    void fillRegularTimes(int block, int from, int to, long[] target, int targetIndex) {
        long start = firstTimes[block];
        long step = steps[block];
        for (int i = from; i < to; i++) {
            target[targetIndex + i - from] = start + i * step;
        }
    }

    void selectTimes(ByteReader source, int block) {
        source.setBounds(timesStarts[block], timesEnds[block]);
    }

    void selectValues(ByteReader source, int block) {
        source.setBounds(valuesStarts[block], valuesEnds[block]);
    }
}
