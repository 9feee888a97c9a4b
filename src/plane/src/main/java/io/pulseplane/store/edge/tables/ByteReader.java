package io.pulseplane.store.edge.tables;

import io.pulseplane.vitals.PlaneException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/** Bytes being read, as {@link ByteWriter} wrote them. No read goes past their end: it fails with {@code DataLoss}. */
public final class ByteReader {

    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final int VARINT_BYTES = 10;

    private final byte[] bytes;
    private int position;

    public ByteReader(byte[] bytes) {
        this.bytes = bytes;
    }

    public boolean isAtEnd() {
        return position == bytes.length;
    }

    public int readByte() {
        return bytes[skip(1)] & 0xFF;
    }

    public long readLong() {
        return (long) LONG.get(bytes, skip(Long.BYTES));
    }

    public long readVarint() {
        long value = 0;
        for (int shift = 0; shift < 7 * VARINT_BYTES; shift += 7) {
            int next = readByte();
            value |= (long) (next & 0x7F) << shift;
            if (next < 0x80) {
                return value;
            }
        }
        throw damaged();
    }

    /** A varint that is a length or a count of what lies here, so that nobody makes room for more. */
    public int readLength() {
        long length = readVarint();
        if (length < 0 || length > bytes.length - position) {
            throw damaged();
        }
        return (int) length;
    }

    public int readCount() {
        long count = readVarint();
        if (count < 0 || count > Integer.MAX_VALUE) {
            throw damaged();
        }
        return (int) count;
    }

    public byte[] readBytes(int length) {
        int at = skip(length);
        return Arrays.copyOfRange(bytes, at, at + length);
    }

    /** Goes on behind that many bytes; says where they begin. */
    public int skip(int length) {
        if (length < 0 || length > bytes.length - position) {
            throw damaged();
        }
        int at = position;
        position += length;
        return at;
    }

    private static PlaneException.DataLoss damaged() {
        return new PlaneException.DataLoss("something the plane wrote ends early");
    }
}
