package io.pulseplane.store.chunk;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** Bytes being read. No read goes past the limit: it ends in {@link ChunkDamaged}. */
final class Source {

    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private byte[] bytes;
    private int position;
    private int limit;

    void read(byte[] from, int start, int end) {
        bytes = from;
        position = start;
        limit = end;
    }

    void narrow(int start, int end) {
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

    int next() {
        if (position >= limit) {
            throw new ChunkDamaged("ends early");
        }
        return bytes[position++] & 0xFF;
    }

    long varint() {
        long value = 0;
        for (int shift = 0; shift < 7 * Format.VARINT_BYTES; shift += 7) {
            int next = next();
            value |= (long) (next & 0x7F) << shift;
            if (next < 0x80) {
                return value;
            }
        }
        throw new ChunkDamaged("number without end");
    }

    long signed() {
        return Format.unzigzag(varint());
    }

    /** A varint from 0 to {@code most}. */
    int upTo(int most) {
        long value = varint();
        if (value < 0 || value > most) {
            throw new ChunkDamaged("number out of bounds");
        }
        return (int) value;
    }

    long fixed() {
        need(Long.BYTES);
        long value = (long) LONG.get(bytes, position);
        position += Long.BYTES;
        return value;
    }

    void skip(int length) {
        need(length);
        position += length;
    }

    /** Fills words from that many bytes; bits above them in the last word are zero, words after it are as they were. */
    void words(long[] into, int length) {
        need(length);
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

    void copy(byte[] into, int length) {
        need(length);
        System.arraycopy(bytes, position, into, 0, length);
        position += length;
    }

    private void need(int length) {
        if (length > limit - position) {
            throw new ChunkDamaged("ends early");
        }
    }
}
