package io.pulseplane.store.edge;

import io.pulseplane.vitals.Problem;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/** Bytes being read, as {@link ByteSink} wrote them. No read goes past their end: it fails with {@code Damaged}. */
final class ByteSource {

    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final int VARINT_BYTES = 10;

    private final byte[] bytes;
    private int position;

    ByteSource(byte[] bytes) {
        this.bytes = bytes;
    }

    boolean isAtEnd() {
        return position == bytes.length;
    }

    int next() {
        return bytes[skip(1)] & 0xFF;
    }

    long fixed() {
        return (long) LONG.get(bytes, skip(Long.BYTES));
    }

    long varint() {
        long value = 0;
        for (int shift = 0; shift < 7 * VARINT_BYTES; shift += 7) {
            int next = next();
            value |= (long) (next & 0x7F) << shift;
            if (next < 0x80) {
                return value;
            }
        }
        throw damaged();
    }

    /** A varint that is a length or a count of what lies here, so that nobody makes room for more. */
    int length() {
        long length = varint();
        if (length < 0 || length > bytes.length - position) {
            throw damaged();
        }
        return (int) length;
    }

    int count() {
        long count = varint();
        if (count < 0 || count > Integer.MAX_VALUE) {
            throw damaged();
        }
        return (int) count;
    }

    byte[] bytes(int length) {
        int at = skip(length);
        return Arrays.copyOfRange(bytes, at, at + length);
    }

    /** Goes on behind that many bytes; says where they begin. */
    int skip(int length) {
        if (length < 0 || length > bytes.length - position) {
            throw damaged();
        }
        int at = position;
        position += length;
        return at;
    }

    private static Problem.Damaged damaged() {
        return new Problem.Damaged("something the plane wrote ends early");
    }
}
