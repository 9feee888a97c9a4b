package io.pulseplane.vitals.chunk;

import java.util.Arrays;

/** Where the blocks of a chunk are, in its bytes and in time: found by stepping from one to the next, decoding none. */
final class BlockIndex {

    /** The way of the times, and three bytes of values; there is no shorter block. */
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

    /** What the times of an irregular block are counted in. */
    private long[] units = new long[0];

    /** The distance of the times of a regular block; 0 in one of a single reading, or if they are irregular. */
    private long[] steps = new long[0];

    void read(ByteReader source, int count, long firstTime, long lastTime) {
        blockCount = ChunkFormat.blockCount(count);
        lastBlockSize = count - (blockCount - 1) * ChunkFormat.BLOCK_SIZE;
        if ((long) blockCount * MIN_BLOCK_BYTES > source.remaining()) {
            throw new CorruptChunkException("fewer bytes than blocks");
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
            throw new CorruptChunkException("last block does not end with the chunk");
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
        int way = first & ~ChunkFormat.TIMES_GAP_IN_UNITS;
        if (way > ChunkFormat.TIMES_LINEAR || first != way && way <= ChunkFormat.TIMES_REGULAR) {
            throw new CorruptChunkException("unknown way of times");
        }
        timesEncodings[block] = way;
        if (way == ChunkFormat.TIMES_CONTINUATION) {
            readContinuation(block, size(block));
            return;
        }
        long unit = way == ChunkFormat.TIMES_REGULAR ? 1 : source.readVarint();
        units[block] = unit;
        long gapUnit = first == way ? 1 : unit;
        firstTimes[block] = block == 0 ? firstTime : plusUnsigned(lastTimes[block - 1], readDelta(source, gapUnit));
        lastTimes[block] =
                block == blockCount - 1 ? lastTime : plusUnsigned(firstTimes[block], readDelta(source, unit));
        if (lastTimes[block] < firstTimes[block] || block > 0 && firstTimes[block] == lastTimes[block - 1]) {
            throw new CorruptChunkException("blocks do not ascend");
        }
        if (way == ChunkFormat.TIMES_REGULAR) {
            deriveStep(block);
        } else {
            skipTimes(source, block);
        }
    }

    private void deriveStep(int block) {
        int distances = size(block) - 1;
        long span = lastTimes[block] - firstTimes[block];
        steps[block] = distances == 0 ? 0 : Long.divideUnsigned(span, distances);
        if (steps[block] * distances != span || distances > 0 && span == 0) {
            throw new CorruptChunkException("regular times of no step");
        }
    }

    private void skipTimes(ByteReader source, int block) {
        if (size(block) == 1) {
            throw new CorruptChunkException("irregular times of one reading");
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
            throw new CorruptChunkException("nothing to continue");
        }
        firstTimes[block] = plusUnsigned(lastTimes[block - 1], step);
        lastTimes[block] = plusUnsigned(firstTimes[block], step * (size - 1));
        steps[block] = step;
    }

    private static long readDelta(ByteReader source, long unit) {
        long units = source.readVarint();
        if (Math.unsignedMultiplyHigh(units, unit) != 0) {
            throw new CorruptChunkException("beyond the end of time");
        }
        return units * unit;
    }

    /** The time that much later; the distance is unsigned. */
    static long plusUnsigned(long time, long distance) {
        if (Long.compareUnsigned(distance, Long.MAX_VALUE - time) > 0) {
            throw new CorruptChunkException("beyond the end of time");
        }
        return time + distance;
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

    /** The last block that starts at that time or before; the time is not before the first. */
    int blockAt(long time) {
        int found = Arrays.binarySearch(firstTimes, 0, blockCount, time);
        return found >= 0 ? found : -found - 2;
    }

    /** How many times of a regular block are before that one, which is within the block. */
    int regularLowerBound(int block, long time) {
        long distance = time - firstTimes[block];
        return distance == 0 ? 0 : (int) Long.divideUnsigned(distance - 1, steps[block]) + 1;
    }

    void fillRegularTimes(int block, int from, int to, long[] into, int at) {
        long start = firstTimes[block];
        long step = steps[block];
        for (int i = from; i < to; i++) {
            into[at + i - from] = start + i * step;
        }
    }

    void selectTimes(ByteReader source, int block) {
        source.setBounds(timesStarts[block], timesEnds[block]);
    }

    void selectValues(ByteReader source, int block) {
        source.setBounds(valuesStarts[block], valuesEnds[block]);
    }
}
