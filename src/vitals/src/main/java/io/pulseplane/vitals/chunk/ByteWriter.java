package io.pulseplane.vitals.chunk;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/** Bytes being written. Whoever writes asks for room first, block by block; no single write looks for it. */
final class ByteWriter {

    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private byte[] bytes = new byte[1_024];
    private int position;

    void clear() {
        position = 0;
    }

    void ensureCapacity(int more) {
        if (bytes.length - position < more) {
            bytes = Arrays.copyOf(bytes, Math.max(position + more, 2 * bytes.length));
        }
    }

    void put(int value) {
        bytes[position++] = (byte) value;
    }

    /** Seven bits a byte, lowest first, as protobuf writes them; the number is unsigned. */
    void putVarint(long value) {
        while ((value & ~0x7FL) != 0) {
            bytes[position++] = (byte) (value | 0x80);
            value >>>= 7;
        }
        bytes[position++] = (byte) value;
    }

    void putSignedVarint(long value) {
        putVarint(ChunkFormat.zigzag(value));
    }

    void putLong(long value) {
        LONG.set(bytes, position, value);
        position += Long.BYTES;
    }

    /** As many bytes as the bits need, rounded up. */
    void putBits(long[] words, int bits) {
        int whole = bits >>> 6;
        for (int i = 0; i < whole; i++) {
            LONG.set(bytes, position + (i << 3), words[i]);
        }
        position += whole << 3;
        for (int bit = whole << 6; bit < bits; bit += 8) {
            put((int) (words[whole] >>> bit));
        }
    }

    int position() {
        return position;
    }

    /** Moves what was written from {@code start} on, and puts its length in front of it. */
    void prefixWithLength(int start) {
        int length = position - start;
        int prefix = 1 + (31 - Integer.numberOfLeadingZeros(length | 1)) / 7;
        System.arraycopy(bytes, start, bytes, start + prefix, length);
        position = start;
        putVarint(length);
        position += length;
    }

    byte[] bytes() {
        return bytes;
    }
}
