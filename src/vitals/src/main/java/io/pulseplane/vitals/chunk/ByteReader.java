package io.pulseplane.vitals.chunk;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** Bytes being read. No read goes past the limit: it ends in {@link CorruptChunkException}. */
final class ByteReader {

    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private byte[] bytes;
    private int position;
    private int limit;

    void reset(byte[] from, int start, int end) {
        bytes = from;
        position = start;
        limit = end;
    }

    void setBounds(int start, int end) {
        position = start;
        limit = end;
    }

    int position() {
        return position;
    }

    int limit() {
        return limit;
    }

    int remaining() {
        return limit - position;
    }

    int readByte() {
        if (position >= limit) {
            throw new CorruptChunkException("ends early");
        }
        return bytes[position++] & 0xFF;
    }

    long readVarint() {
        long value = 0;
        for (int shift = 0; shift < 7 * ChunkFormat.MAX_VARINT_BYTES; shift += 7) {
            int next = readByte();
            value |= (long) (next & 0x7F) << shift;
            if (next < 0x80) {
                return value;
            }
        }
        throw new CorruptChunkException("number without end");
    }

    long readSignedVarint() {
        return ChunkFormat.unzigzag(readVarint());
    }

    /** A varint from 0 to {@code most}. */
    int readVarintUpTo(int most) {
        long value = readVarint();
        if (value < 0 || value > most) {
            throw new CorruptChunkException("number out of bounds");
        }
        return (int) value;
    }

    long readLong() {
        requireRemaining(Long.BYTES);
        long value = (long) LONG.get(bytes, position);
        position += Long.BYTES;
        return value;
    }

    void skip(int length) {
        requireRemaining(length);
        position += length;
    }

    /** Fills words from that many bytes; bits above them in the last word are zero, words after it are as they were. */
    void readWords(long[] into, int length) {
        requireRemaining(length);
        int whole = length >>> 3;
        for (int i = 0; i < whole; i++) {
            into[i] = (long) LONG.get(bytes, position + (i << 3));
        }
        if ((length & 7) != 0) {
            long last = 0;
            for (int i = whole << 3; i < length; i++) {
                last |= (bytes[position + i] & 0xFFL) << (i << 3);
            }
            into[whole] = last;
        }
        position += length;
    }

    void readBytes(byte[] into, int length) {
        requireRemaining(length);
        System.arraycopy(bytes, position, into, 0, length);
        position += length;
    }

    private void requireRemaining(int length) {
        if (length > limit - position) {
            throw new CorruptChunkException("ends early");
        }
    }
}
