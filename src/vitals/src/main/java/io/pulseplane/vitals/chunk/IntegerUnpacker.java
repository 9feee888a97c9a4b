package io.pulseplane.vitals.chunk;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * Reads the integers that {@link IntegerPacker} wrote. It copies the bytes to buffers that are longer than any block,
 * so that an integer takes one load, one shift and one mask, and no load goes past the end.
 */
final class IntegerUnpacker {

    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    /** An integer starts at one of the lowest eight bits of the eight bytes that are loaded. */
    private static final int MAX_WIDTH_IN_ONE_LOAD = Long.SIZE - 7;

    /** The low bits of a block of the widest integers, and room for a load that goes beyond the last of them. */
    private final byte[] lowBits = new byte[(ChunkFormat.BLOCK_SIZE + 1) * Long.BYTES];

    /** The high bits, in unary. */
    private final long[] unaryWords = new long[ChunkFormat.BLOCK_SIZE];

    /** Reads {@code count} integers, at most a block, to {@code target} from index {@code targetIndex} on. */
    void read(ByteReader source, long[] target, int targetIndex, int count) {
        int packing = source.readByte();
        if (packing > ChunkFormat.PACKED_RICE_PATCHED + ChunkFormat.MAX_RICE_PARAMETER) {
            throw new CorruptDataException("unknown packing of integers");
        } else if (packing >= ChunkFormat.PACKED_RICE_PATCHED) {
            int width = packing - ChunkFormat.PACKED_RICE_PATCHED;
            readLowBits(source, target, targetIndex, count, width);
            readUnaryQuotients(source, target, targetIndex, count, width);
            readPatches(source, target, targetIndex, count, width);
        } else if (packing >= ChunkFormat.PACKED_RICE) {
            int width = packing - ChunkFormat.PACKED_RICE;
            readLowBits(source, target, targetIndex, count, width);
            readUnaryQuotients(source, target, targetIndex, count, width);
        } else if (packing >= ChunkFormat.PACKED_PATCHED) {
            int width = packing - ChunkFormat.PACKED_PATCHED;
            readLowBits(source, target, targetIndex, count, width);
            readPatches(source, target, targetIndex, count, width);
        } else {
            readLowBits(source, target, targetIndex, count, packing);
        }
    }

    private void readLowBits(ByteReader source, long[] target, int targetIndex, int count, int width) {
        if (width == 0) {
            Arrays.fill(target, targetIndex, targetIndex + count, 0);
            return;
        }
        source.readBytes(lowBits, IntegerPacker.bytesForBits(count * width));
        long mask = -1L >>> (Long.SIZE - width);
        if (width <= MAX_WIDTH_IN_ONE_LOAD) {
            for (int i = 0, bit = 0; i < count; i++, bit += width) {
                target[targetIndex + i] = ((long) LONG.get(lowBits, bit >>> 3) >>> (bit & 7)) & mask;
            }
        } else {
            for (int i = 0, bit = 0; i < count; i++, bit += width) {
                long start = (long) LONG.get(lowBits, bit >>> 3) >>> (bit & 7);
                // In two steps: if no bit of the ninth byte is needed, the shift is by 64, which Java treats as 0.
                target[targetIndex + i] =
                        (start | ((long) lowBits[(bit >>> 3) + Long.BYTES] << 1 << (63 - (bit & 7)))) & mask;
            }
        }
    }

    private void readUnaryQuotients(ByteReader source, long[] target, int targetIndex, int count, int width) {
        int length = source.readVarintUpTo(ChunkFormat.BLOCK_SIZE * Long.BYTES);
        source.readWords(unaryWords, length);
        int next = targetIndex;
        int end = targetIndex + count;
        int previous = -1;
        for (int i = 0; i < (length + 7) >>> 3; i++) {
            long word = unaryWords[i];
            int ones = Long.bitCount(word);
            if (ones > end - next) {
                throw new CorruptDataException("a block has too many integers");
            }
            for (; ones > 0; ones--) {
                int bit = (i << 6) + Long.numberOfTrailingZeros(word);
                target[next++] |= (long) (bit - previous - 1) << width;
                previous = bit;
                word &= word - 1;
            }
        }
        if (next != end) {
            throw new CorruptDataException("a block has too few integers");
        }
    }

    private static void readPatches(ByteReader source, long[] target, int targetIndex, int count, int width) {
        int patches = source.readVarintUpTo(count);
        int index = -1;
        for (int i = 0; i < patches; i++) {
            index += 1 + source.readVarintUpTo(count);
            if (index >= count) {
                throw new CorruptDataException("a patch is outside of the block");
            }
            target[targetIndex + index] |= source.readVarint() << width;
        }
    }
}
