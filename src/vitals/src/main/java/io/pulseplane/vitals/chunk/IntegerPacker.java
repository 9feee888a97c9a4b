package io.pulseplane.vitals.chunk;

import java.util.Arrays;

/**
 * Writes unsigned integers, at most a block of them, in the smallest of four packings: all with the width of the
 * longest; with a smaller width, and the high bits of longer integers in a list of patches (PFOR, Zukowski et al.,
 * 2006); with a Rice code, which has the low bits in one width and the high bits in unary; or with a Rice code and
 * patches, for a sensor that comes off and on again. The same integers always give the same bytes.
 */
final class IntegerPacker {

    /** If the longest integer exceeds the median by this many bits, its unary part can be longer than a patch. */
    private static final int MIN_OUTLIER_BITS = 5;

    private final int[] bitLengthCounts = new int[Long.SIZE + 1];
    private final long[] words = new long[ChunkFormat.BLOCK_SIZE + 1];

    /** Returns the plan of the smallest packing: its size in the high bits, its code in the low eight bits. */
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

    static long plan(int size, int packing) {
        return (long) size << 8 | packing;
    }

    static int plannedBytes(long plan) {
        return (int) (plan >>> 8);
    }

    static int bytesForBits(int bits) {
        return (bits + 7) >>> 3;
    }

    /** Tries only the widths that an integer has, and only while at most a quarter of the integers needs a patch. */
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

    /** Returns the most bytes that a number of ascending indexes take: a gap of two bytes skips at least 128 others. */
    static int maxIndexGapBytes(int indexes, int count) {
        return indexes + Math.min(indexes, count >> 7);
    }

    /**
     * Tries the logarithm of the mean as the width of the low bits, and its neighbours: the best width is close to it.
     */
    private static long planRice(long[] integers, int count) {
        long sum = 0;
        for (int i = 0; i < count; i++) {
            sum += integers[i];
        }
        int middle = Math.max(1, 63 - Long.numberOfLeadingZeros((sum / count) | 1));
        long quotientsBelow = 0;
        long quotients = 0;
        long quotientsAbove = 0;
        for (int i = 0; i < count; i++) {
            long quotient = integers[i] >>> (middle - 1);
            quotientsBelow += quotient;
            quotients += quotient >>> 1;
            quotientsAbove += quotient >>> 2;
        }
        long best = planRice(count, middle - 1, quotientsBelow);
        best = Math.min(best, planRice(count, middle, quotients));
        return Math.min(best, planRice(count, middle + 1, quotientsAbove));
    }

    private static long planRice(int count, int width, long quotients) {
        return plan(
                3 + bytesForBits(count * width) + bytesForBits((int) (count + quotients)),
                ChunkFormat.PACKED_RICE + width);
    }

    /**
     * Tries a Rice code with patches, but only if the longest integer is far longer than the median. The best width is
     * close to the median length, which {@link #planPatched} has counted.
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
            long quotient = integers[i] >>> width;
            if (quotient < ChunkFormat.MIN_PATCHED_QUOTIENT) {
                bits += (int) quotient;
            } else {
                patches++;
                patchBytes += (Long.SIZE + 6 - Long.numberOfLeadingZeros(quotient)) / 7;
            }
        }
        int size = 5 + bytesForBits(count * width) + bytesForBits(bits) + maxIndexGapBytes(patches, count) + patchBytes;
        return plan(size, ChunkFormat.PACKED_RICE_PATCHED + width);
    }

    void write(ByteWriter sink, long[] integers, int count, long plan) {
        int packing = (int) plan & 0xFF;
        sink.put(packing);
        if (packing >= ChunkFormat.PACKED_RICE_PATCHED) {
            int width = packing - ChunkFormat.PACKED_RICE_PATCHED;
            writeLowBits(sink, integers, count, width);
            writeUnaryQuotients(sink, integers, count, width, ChunkFormat.MIN_PATCHED_QUOTIENT);
            writePatches(sink, integers, count, width, ChunkFormat.MIN_PATCHED_QUOTIENT);
        } else if (packing >= ChunkFormat.PACKED_RICE) {
            int width = packing - ChunkFormat.PACKED_RICE;
            writeLowBits(sink, integers, count, width);
            writeUnaryQuotients(sink, integers, count, width, Long.MAX_VALUE);
        } else if (packing >= ChunkFormat.PACKED_PATCHED) {
            int width = packing - ChunkFormat.PACKED_PATCHED;
            writeLowBits(sink, integers, count, width);
            writePatches(sink, integers, count, width, 1);
        } else {
            writeLowBits(sink, integers, count, packing);
        }
    }

    private void writeLowBits(ByteWriter sink, long[] integers, int count, int width) {
        if (width == 0) {
            return;
        }
        long mask = -1L >>> (Long.SIZE - width);
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
                // In two steps: no bits may be left over, and Java treats a shift by 64 as a shift by 0.
                word = low >>> 1 >>> (width - filled - 1);
            }
        }
        words[full] = word;
        sink.putBits(words, count * width);
    }

    /** Writes a quotient (the high bits) of {@code limit} or more as 0: it is a patch. */
    private void writeUnaryQuotients(ByteWriter sink, long[] integers, int count, int width, long limit) {
        int bit = 0;
        int wordIndex = 0;
        long word = 0;
        for (int i = 0; i < count; i++) {
            long quotient = integers[i] >>> width;
            bit += quotient < limit ? (int) quotient : 0;
            for (; wordIndex < bit >>> 6; wordIndex++) {
                words[wordIndex] = word;
                word = 0;
            }
            word |= 1L << bit;
            bit++;
        }
        words[wordIndex] = word;
        sink.putVarint(bytesForBits(bit));
        sink.putBits(words, bit);
    }

    /** Lists the quotients (high bits) of {@code minQuotient} or more. */
    private static void writePatches(ByteWriter sink, long[] integers, int count, int width, int minQuotient) {
        int patches = 0;
        for (int i = 0; i < count; i++) {
            patches += Long.compareUnsigned(integers[i] >>> width, minQuotient) >= 0 ? 1 : 0;
        }
        sink.putVarint(patches);
        int previous = -1;
        for (int i = 0; i < count; i++) {
            long quotient = integers[i] >>> width;
            if (Long.compareUnsigned(quotient, minQuotient) >= 0) {
                sink.putVarint(i - previous - 1);
                sink.putVarint(quotient);
                previous = i;
            }
        }
    }
}
