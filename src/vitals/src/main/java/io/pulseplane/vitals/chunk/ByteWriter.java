package io.pulseplane.vitals.chunk;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * Writes bytes to an array that grows. Numbers of more than one byte are little-endian.
 *
 * <p>The caller asks for capacity with {@link #ensureCapacity}, once for each block of writes. No {@code put} looks
 * whether there is room: that would cost more than the write itself. A writer is for one thread at a time, and keeps
 * its array when it is cleared.
 */
public final class ByteWriter {

    /** The longest varint. */
    public static final int MAX_VARINT_BYTES = 10;

    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private byte[] bytes = new byte[1_024];
    private int position;

    public void clear() {
        position = 0;
    }

    /** Makes room for that many bytes after those already written. */
    public void ensureCapacity(int length) {
        if (bytes.length - position < length) {
            bytes = Arrays.copyOf(bytes, Math.max(position + length, 2 * bytes.length));
        }
    }

    /**
     * Makes room for that many bytes and skips them; the caller fills them in {@link #bytes}.
     *
     * @return the index of the first of them
     */
    public int reserve(int length) {
        ensureCapacity(length);
        int start = position;
        position += length;
        return start;
    }

    public void put(int value) {
        bytes[position++] = (byte) value;
    }

    /** Seven bits a byte, lowest first, as protobuf writes them; the number is unsigned. */
    public void putVarint(long value) {
        while ((value & ~0x7FL) != 0) {
            bytes[position++] = (byte) (value | 0x80);
            value >>>= 7;
        }
        bytes[position++] = (byte) value;
    }

    void putSignedVarint(long value) {
        putVarint(ChunkFormat.zigzag(value));
    }

    public void putLong(long value) {
        LONG.set(bytes, position, value);
        position += Long.BYTES;
    }

    public void putBytes(byte[] source) {
        System.arraycopy(source, 0, bytes, position, source.length);
        position += source.length;
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

    /** How many bytes have been written: the index of the next one. */
    public int position() {
        return position;
    }

    /** Inserts the length of the bytes from {@code start} on in front of them. */
    void prefixWithLength(int start) {
        int length = position - start;
        int prefix = 1 + (31 - Integer.numberOfLeadingZeros(length | 1)) / 7;
        System.arraycopy(bytes, start, bytes, start + prefix, length);
        position = start;
        putVarint(length);
        position += length;
    }

    /** The array itself, of which the first {@link #position} bytes are written. It is replaced when it grows. */
    public byte[] bytes() {
        return bytes;
    }

    /** A copy of the bytes written. */
    public byte[] toByteArray() {
        return Arrays.copyOf(bytes, position);
    }
}
