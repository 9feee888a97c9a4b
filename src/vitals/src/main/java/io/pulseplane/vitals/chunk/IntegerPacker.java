package io.pulseplane.vitals.chunk;

import java.util.Arrays;

/**
 * Writes integers, unsigned and at most a block of them, in the smallest of four ways: all in the width of the longest; in
 * a smaller width, with what exceeds it listed apart (patches, as in PFOR of Zukowski et al., 2006); in Rice's code,
 * whose low bits are written in one width, whose high bits in unary; or in Rice's code with the longest listed apart, where
 * a sensor comes off and on again. The same integers give the same bytes always.
 */
final class IntegerPacker {

    /** Bits by which the longest integer exceeds half of them, so that its unary part would be longer than a patch. */
    private static final int MIN_OUTLIER_BITS = 5;

    private final int[] bitLengthCounts = new int[Long.SIZE + 1];
    private final long[] words = new long[ChunkFormat.BLOCK_SIZE + 1];

    /** The way that is smallest, and its bytes: the lower of two plans is the better one. */
    long plan(long[] integers, int count) {
        long all = 0;
        for (int i = 0; i < count; i++) {
            all |= integers[i];
        }
        int width = Long.SIZE - Long.numberOfLeadingZeros(all);
        long best = plan(1 + bytesForBits(count * width), width);
        if (width > 0) {
            best = Math.min(best, planPatched(integers, count, width));
        }
        if (width > 0 && width <= ChunkFormat.MAX_RICE_PARAMETER) {
            best = Math.min(best, planRice(integers, count));
            best = Math.min(best, planPatchedRice(integers, count, width));
        }
        return best;
    }

    static long plan(int size, int way) {
        return (long) size << 8 | way;
    }

    static int plannedBytes(long plan) {
        return (int) (plan >>> 8);
    }

    static int bytesForBits(int bits) {
        return (bits + 7) >>> 3;
    }

    /** Only widths that some integer has are looked at, and only while patches are few. */
    private long planPatched(long[] integers, int count, int widest) {
        Arrays.fill(bitLengthCounts, 0, widest + 1, 0);
        for (int i = 0; i < count; i++) {
            bitLengthCounts[Long.SIZE - Long.numberOfLeadingZeros(integers[i])]++;
        }
        long best = Long.MAX_VALUE;
        int patches = 0;
        for (int width = widest - 1; width >= 0; width--) {
            patches += bitLengthCounts[width + 1];
            if (patches > count >> 2) {
                break;
            }
            if (bitLengthCounts[width] > 0 || width == 0) {
                int size = 3 + bytesForBits(count * width) + maxIndexGapBytes(patches, count);
                for (int longer = width + 1; longer <= widest; longer++) {
                    size += bitLengthCounts[longer] * ((longer - width + 6) / 7);
                }
                best = Math.min(best, plan(size, ChunkFormat.PACKED_PATCHED + width));
            }
        }
        return best;
    }

    /** How many bytes so many ascending indexes take at most: a distance of two bytes skips 128 others. */
    static int maxIndexGapBytes(int indexes, int count) {
        return indexes + Math.min(indexes, count >> 7);
    }

    /** The best width of the low bits is close to the logarithm of the mean: that one and its neighbours are tried. */
    private static long planRice(long[] integers, int count) {
        long sum = 0;
        for (int i = 0; i < count; i++) {
            sum += integers[i];
        }
        int middle = Math.max(1, 63 - Long.numberOfLeadingZeros(sum / count | 1));
        long below = 0;
        long at = 0;
        long above = 0;
        for (int i = 0; i < count; i++) {
            long high = integers[i] >>> middle - 1;
            below += high;
            at += high >>> 1;
            above += high >>> 2;
        }
        long best = planRice(count, middle - 1, below);
        best = Math.min(best, planRice(count, middle, at));
        return Math.min(best, planRice(count, middle + 1, above));
    }

    private static long planRice(int count, int width, long highs) {
        return plan(
                3 + bytesForBits(count * width) + bytesForBits((int) (count + highs)), ChunkFormat.PACKED_RICE + width);
    }

    /**
     * Tried only where some are far longer than half of them are. The best width is close to what half of them need, which
     * {@link #planPatched} has counted.
     */
    private long planPatchedRice(long[] integers, int count, int widest) {
        int median = 0;
        for (int shorter = bitLengthCounts[0]; 2 * shorter < count; shorter += bitLengthCounts[median]) {
            median++;
        }
        if (widest - median < MIN_OUTLIER_BITS) {
            return Long.MAX_VALUE;
        }
        long best = Long.MAX_VALUE;
        for (int width = Math.max(0, median - 2); width <= median; width++) {
            best = Math.min(best, planPatchedRiceAt(integers, count, width));
        }
        return best;
    }

    private static long planPatchedRiceAt(long[] integers, int count, int width) {
        int bits = count;
        int patches = 0;
        int patchBytes = 0;
        for (int i = 0; i < count; i++) {
            long high = integers[i] >>> width;
            if (high < ChunkFormat.MIN_PATCHED_QUOTIENT) {
                bits += (int) high;
            } else {
                patches++;
                patchBytes += (Long.SIZE + 6 - Long.numberOfLeadingZeros(high)) / 7;
            }
        }
        int size = 5 + bytesForBits(count * width) + bytesForBits(bits) + maxIndexGapBytes(patches, count) + patchBytes;
        return plan(size, ChunkFormat.PACKED_RICE_PATCHED + width);
    }

    void write(ByteWriter sink, long[] integers, int count, long plan) {
        int way = (int) plan & 0xFF;
        sink.put(way);
        if (way >= ChunkFormat.PACKED_RICE_PATCHED) {
            int width = way - ChunkFormat.PACKED_RICE_PATCHED;
            writeLowBits(sink, integers, count, width);
            writeUnaryQuotients(sink, integers, count, width, ChunkFormat.MIN_PATCHED_QUOTIENT);
            writePatches(sink, integers, count, width, ChunkFormat.MIN_PATCHED_QUOTIENT);
        } else if (way >= ChunkFormat.PACKED_RICE) {
            int width = way - ChunkFormat.PACKED_RICE;
            writeLowBits(sink, integers, count, width);
            writeUnaryQuotients(sink, integers, count, width, Long.MAX_VALUE);
        } else if (way >= ChunkFormat.PACKED_PATCHED) {
            int width = way - ChunkFormat.PACKED_PATCHED;
            writeLowBits(sink, integers, count, width);
            writePatches(sink, integers, count, width, 1);
        } else {
            writeLowBits(sink, integers, count, way);
        }
    }

    private void writeLowBits(ByteWriter sink, long[] integers, int count, int width) {
        if (width == 0) {
            return;
        }
        long mask = -1L >>> Long.SIZE - width;
        long word = 0;
        int filled = 0;
        int full = 0;
        for (int i = 0; i < count; i++) {
            long low = integers[i] & mask;
            word |= low << filled;
            filled += width;
            if (filled >= Long.SIZE) {
                words[full++] = word;
                filled -= Long.SIZE;
                // In two steps: nothing may be left over, and a shift by 64 is a shift by 0.
                word = low >>> 1 >>> width - filled - 1;
            }
        }
        words[full] = word;
        sink.putBits(words, count * width);
    }

    /** High bits that come to {@code most} and more are written as none. */
    private void writeUnaryQuotients(ByteWriter sink, long[] integers, int count, int width, long most) {
        int bit = 0;
        int at = 0;
        long word = 0;
        for (int i = 0; i < count; i++) {
            long high = integers[i] >>> width;
            bit += high < most ? (int) high : 0;
            for (; at < bit >>> 6; at++) {
                words[at] = word;
                word = 0;
            }
            word |= 1L << bit;
            bit++;
        }
        words[at] = word;
        sink.putVarint(bytesForBits(bit));
        sink.putBits(words, bit);
    }

    /** Lists high bits that come to {@code least} and more. */
    private static void writePatches(ByteWriter sink, long[] integers, int count, int width, int least) {
        int patches = 0;
        for (int i = 0; i < count; i++) {
            patches += Long.compareUnsigned(integers[i] >>> width, least) >= 0 ? 1 : 0;
        }
        sink.putVarint(patches);
        int previous = -1;
        for (int i = 0; i < count; i++) {
            long high = integers[i] >>> width;
            if (Long.compareUnsigned(high, least) >= 0) {
                sink.putVarint(i - previous - 1);
                sink.putVarint(high);
                previous = i;
            }
        }
    }
}
