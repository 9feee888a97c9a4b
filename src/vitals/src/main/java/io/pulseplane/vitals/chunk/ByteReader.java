package io.pulseplane.vitals.chunk;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * Reads bytes that a {@link ByteWriter} wrote. Numbers of more than one byte are little-endian.
 *
 * <p>No read goes past the limit: it throws {@link CorruptDataException} instead. A reader is for one thread at a
 * time.
 */
public final class ByteReader {

    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private byte[] bytes;
    private int position;
    private int limit;

    /** A reader of nothing, until {@link #reset} gives it bytes. */
    ByteReader() {
        this(new byte[0]);
    }

    /** Reads the bytes in place; they must not change meanwhile. */
    public ByteReader(byte[] bytes) {
        this.bytes = bytes;
        this.limit = bytes.length;
    }

    void reset(byte[] source, int start, int end) {
        bytes = source;
        position = start;
        limit = end;
    }

    void setBounds(int start, int end) {
        position = start;
        limit = end;
    }

    /** The index of the next byte. */
    public int position() {
        return position;
    }

    int limit() {
        return limit;
    }

    public int remaining() {
        return limit - position;
    }

    /** The next byte, from 0 to 255. */
    public int readByte() {
        if (position >= limit) {
            throw endsEarly();
        }
        return bytes[position++] & 0xFF;
    }

    /** An unsigned number of seven bits a byte, as {@link ByteWriter#putVarint} writes it. */
    public long readVarint() {
        long value = 0;
        for (int shift = 0; shift < 7 * ByteWriter.MAX_VARINT_BYTES; shift += 7) {
            int next = readByte();
            value |= (long) (next & 0x7F) << shift;
            if (next < 0x80) {
                return value;
            }
        }
        throw new CorruptDataException("a number has too many bytes");
    }

    long readSignedVarint() {
        return ChunkFormat.unzigzag(readVarint());
    }

    /** A varint from 0 to {@code max}. */
    public int readVarintUpTo(int max) {
        long value = readVarint();
        if (value < 0 || value > max) {
            throw new CorruptDataException("a number is out of bounds");
        }
        return (int) value;
    }

    /**
     * A varint that is the length of something that follows, or a count of things that take at least one byte each. It
     * is at most {@link #remaining}, so that damaged bytes cannot make the caller allocate much.
     */
    public int readLength() {
        return readVarintUpTo(remaining());
    }

    public long readLong() {
        requireRemaining(Long.BYTES);
        long value = (long) LONG.get(bytes, position);
        position += Long.BYTES;
        return value;
    }

    /**
     * Skips bytes.
     *
     * @return the index of the first of them
     */
    public int skip(int length) {
        requireRemaining(length);
        int start = position;
        position += length;
        return start;
    }

    /**
     * Reads {@code length} bytes as words. The unused bits of the last word are zero; later words keep their content.
     */
    void readWords(long[] target, int length) {
        requireRemaining(length);
        int whole = length >>> 3;
        for (int i = 0; i < whole; i++) {
            target[i] = (long) LONG.get(bytes, position + (i << 3));
        }
        if ((length & 7) != 0) {
            long last = 0;
            for (int i = whole << 3; i < length; i++) {
                last |= (bytes[position + i] & 0xFFL) << (i << 3);
            }
            target[whole] = last;
        }
        position += length;
    }

    /** A copy of the next bytes. */
    public byte[] readBytes(int length) {
        int start = skip(length);
        return Arrays.copyOfRange(bytes, start, start + length);
    }

    /** Copies the next bytes to the beginning of an array. */
    void readBytes(byte[] target, int length) {
        requireRemaining(length);
        System.arraycopy(bytes, position, target, 0, length);
        position += length;
    }

    private void requireRemaining(int length) {
        if (length < 0 || length > limit - position) {
            throw endsEarly();
        }
    }

    private static CorruptDataException endsEarly() {
        return new CorruptDataException("the bytes end too early");
    }
}
