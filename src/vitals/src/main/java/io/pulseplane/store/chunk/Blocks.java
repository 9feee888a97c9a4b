package io.pulseplane.store.chunk;

import java.util.Arrays;

/** Where the blocks of a chunk are, in its bytes and in time: found by stepping from one to the next, decoding none. */
final class Blocks {

    /** The way of the times, and three bytes of values; there is no shorter block. */
    private static final int SHORTEST = 4;

    private int blocks;
    private int lastSize;

    private int[] ways = new int[0];
    private int[] timesAt = new int[0];
    private int[] timesEnd = new int[0];
    private int[] valuesAt = new int[0];
    private int[] valuesEnd = new int[0];
    private long[] firstTimes = new long[0];
    private long[] lastTimes = new long[0];

    /** What the times of an irregular block are counted in. */
    private long[] units = new long[0];

    /** The distance of the times of a regular block; 0 in one of a single reading, or if they are irregular. */
    private long[] steps = new long[0];

    void read(Source source, int count, long firstTime, long lastTime) {
        blocks = Format.blocks(count);
        lastSize = count - (blocks - 1) * Format.BLOCK;
        if ((long) blocks * SHORTEST > source.remaining()) {
            throw new ChunkDamaged("fewer bytes than blocks");
        }
        ensureRoom();
        for (int block = 0; block < blocks; block++) {
            readTimes(source, block, firstTime, lastTime);
            int length = block == blocks - 1 ? source.remaining() : source.upTo(source.remaining());
            valuesAt[block] = source.position();
            source.skip(length);
            valuesEnd[block] = source.position();
        }
        if (lastTimes[blocks - 1] != lastTime) {
            throw new ChunkDamaged("last block does not end with the chunk");
        }
    }

    private void ensureRoom() {
        if (ways.length < blocks) {
            ways = Arrays.copyOf(ways, blocks);
            timesAt = Arrays.copyOf(timesAt, blocks);
            timesEnd = Arrays.copyOf(timesEnd, blocks);
            valuesAt = Arrays.copyOf(valuesAt, blocks);
            valuesEnd = Arrays.copyOf(valuesEnd, blocks);
            firstTimes = Arrays.copyOf(firstTimes, blocks);
            lastTimes = Arrays.copyOf(lastTimes, blocks);
            units = Arrays.copyOf(units, blocks);
            steps = Arrays.copyOf(steps, blocks);
        }
    }

    private void readTimes(Source source, int block, long firstTime, long lastTime) {
        int first = source.next();
        int way = first & ~Format.TIMES_GAP_IN_UNITS;
        if (way > Format.TIMES_ALONG_A_LINE || first != way && way <= Format.TIMES_REGULAR) {
            throw new ChunkDamaged("unknown way of times");
        }
        ways[block] = way;
        if (way == Format.TIMES_CONTINUE) {
            readContinued(block, size(block));
            return;
        }
        long unit = way == Format.TIMES_REGULAR ? 1 : source.varint();
        units[block] = unit;
        long gapUnit = first == way ? 1 : unit;
        firstTimes[block] = block == 0 ? firstTime : later(lastTimes[block - 1], distance(source, gapUnit));
        lastTimes[block] = block == blocks - 1 ? lastTime : later(firstTimes[block], distance(source, unit));
        if (lastTimes[block] < firstTimes[block] || block > 0 && firstTimes[block] == lastTimes[block - 1]) {
            throw new ChunkDamaged("blocks do not ascend");
        }
        if (way == Format.TIMES_REGULAR) {
            findStep(block);
        } else {
            skipTimes(source, block);
        }
    }

    private void findStep(int block) {
        int distances = size(block) - 1;
        long span = lastTimes[block] - firstTimes[block];
        steps[block] = distances == 0 ? 0 : Long.divideUnsigned(span, distances);
        if (steps[block] * distances != span || distances > 0 && span == 0) {
            throw new ChunkDamaged("regular times of no step");
        }
    }

    private void skipTimes(Source source, int block) {
        if (size(block) == 1) {
            throw new ChunkDamaged("irregular times of one reading");
        }
        steps[block] = 0;
        int length = source.upTo(source.remaining());
        timesAt[block] = source.position();
        source.skip(length);
        timesEnd[block] = source.position();
    }

    private void readContinued(int block, int size) {
        long step = block == 0 ? 0 : steps[block - 1];
        if (step == 0 || Math.unsignedMultiplyHigh(step, size - 1) != 0) {
            throw new ChunkDamaged("nothing to continue");
        }
        firstTimes[block] = later(lastTimes[block - 1], step);
        lastTimes[block] = later(firstTimes[block], step * (size - 1));
        steps[block] = step;
    }

    private static long distance(Source source, long unit) {
        long units = source.varint();
        if (Math.unsignedMultiplyHigh(units, unit) != 0) {
            throw new ChunkDamaged("beyond the end of time");
        }
        return units * unit;
    }

    /** The time that much later; the distance is unsigned. */
    static long later(long time, long distance) {
        if (Long.compareUnsigned(distance, Long.MAX_VALUE - time) > 0) {
            throw new ChunkDamaged("beyond the end of time");
        }
        return time + distance;
    }

    int size(int block) {
        return block == blocks - 1 ? lastSize : Format.BLOCK;
    }

    int way(int block) {
        return ways[block];
    }

    boolean isRegular(int block) {
        return ways[block] <= Format.TIMES_REGULAR;
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
    int holding(long time) {
        int found = Arrays.binarySearch(firstTimes, 0, blocks, time);
        return found >= 0 ? found : -found - 2;
    }

    /** How many times of a regular block are before that one, which is within the block. */
    int regularIndexOf(int block, long time) {
        long distance = time - firstTimes[block];
        return distance == 0 ? 0 : (int) Long.divideUnsigned(distance - 1, steps[block]) + 1;
    }

    void regularTimes(int block, int from, int to, long[] into, int at) {
        long start = firstTimes[block];
        long step = steps[block];
        for (int i = from; i < to; i++) {
            into[at + i - from] = start + i * step;
        }
    }

    void narrowToTimes(Source source, int block) {
        source.narrow(timesAt[block], timesEnd[block]);
    }

    void narrowToValues(Source source, int block) {
        source.narrow(valuesAt[block], valuesEnd[block]);
    }
}
