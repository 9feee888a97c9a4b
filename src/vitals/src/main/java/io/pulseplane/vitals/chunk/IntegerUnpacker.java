package io.pulseplane.vitals.chunk;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * Reads what {@link IntegerPacker} wrote. Bits are taken from copies of its own, which are longer than any block needs, so that an
 * integer is one load, one shift and one mask, and no load can go past the bytes.
 */
final class IntegerUnpacker {

    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    /** Of eight bytes, the first value bit may be as high as the eighth bit. */
    private static final int MAX_WIDTH_IN_ONE_LOAD = Long.SIZE - 7;

    /** The low bits of a block of the widest integers, and as much as a load may take beyond the last of them. */
    private final byte[] lowBits = new byte[(ChunkFormat.BLOCK_SIZE + 1) * Long.BYTES];

    /** The high bits, in unary. */
    private final long[] unaryWords = new long[ChunkFormat.BLOCK_SIZE];

    /** Reads {@code count} integers, at most a block, to {@code into} from index {@code at} on. */
    void read(ByteReader source, long[] into, int at, int count) {
        int way = source.readByte();
        if (way > ChunkFormat.PACKED_RICE_PATCHED + ChunkFormat.MAX_RICE_PARAMETER) {
            throw new CorruptChunkException("unknown packing");
        } else if (way >= ChunkFormat.PACKED_RICE_PATCHED) {
            int width = way - ChunkFormat.PACKED_RICE_PATCHED;
            readLowBits(source, into, at, count, width);
            readUnaryQuotients(source, into, at, count, width);
            readPatches(source, into, at, count, width);
        } else if (way >= ChunkFormat.PACKED_RICE) {
            int width = way - ChunkFormat.PACKED_RICE;
            readLowBits(source, into, at, count, width);
            readUnaryQuotients(source, into, at, count, width);
        } else if (way >= ChunkFormat.PACKED_PATCHED) {
            int width = way - ChunkFormat.PACKED_PATCHED;
            readLowBits(source, into, at, count, width);
            readPatches(source, into, at, count, width);
        } else {
            readLowBits(source, into, at, count, way);
        }
    }

    private void readLowBits(ByteReader source, long[] into, int at, int count, int width) {
        if (width == 0) {
            Arrays.fill(into, at, at + count, 0);
            return;
        }
        source.readBytes(lowBits, IntegerPacker.bytesForBits(count * width));
        long mask = -1L >>> Long.SIZE - width;
        if (width <= MAX_WIDTH_IN_ONE_LOAD) {
            for (int i = 0, bit = 0; i < count; i++, bit += width) {
                into[at + i] = (long) LONG.get(lowBits, bit >>> 3) >>> (bit & 7) & mask;
            }
        } else {
            for (int i = 0, bit = 0; i < count; i++, bit += width) {
                long start = (long) LONG.get(lowBits, bit >>> 3) >>> (bit & 7);
                // In two steps: where nothing is needed of the ninth byte, a shift by 64 would be a shift by 0.
                into[at + i] = (start | (long) lowBits[(bit >>> 3) + Long.BYTES] << 1 << 63 - (bit & 7)) & mask;
            }
        }
    }

    private void readUnaryQuotients(ByteReader source, long[] into, int at, int count, int width) {
        int length = source.readVarintUpTo(ChunkFormat.BLOCK_SIZE * Long.BYTES);
        source.readWords(unaryWords, length);
        int next = at;
        int end = at + count;
        int previous = -1;
        for (int i = 0; i < (length + 7) >>> 3; i++) {
            long word = unaryWords[i];
            int ones = Long.bitCount(word);
            if (ones > end - next) {
                throw new CorruptChunkException("too many integers");
            }
            for (; ones > 0; ones--) {
                int bit = (i << 6) + Long.numberOfTrailingZeros(word);
                into[next++] |= (long) (bit - previous - 1) << width;
                previous = bit;
                word &= word - 1;
            }
        }
        if (next != end) {
            throw new CorruptChunkException("too few integers");
        }
    }

    private static void readPatches(ByteReader source, long[] into, int at, int count, int width) {
        int patches = source.readVarintUpTo(count);
        int index = -1;
        for (int i = 0; i < patches; i++) {
            index += 1 + source.readVarintUpTo(count);
            if (index >= count) {
                throw new CorruptChunkException("patch outside of the block");
            }
            into[at + index] |= source.readVarint() << width;
        }
    }
}
