package io.pulseplane.store.edge.tables;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/** Bytes being written, little-endian; it grows, and keeps its size when it is cleared. */
public final class ByteWriter {

    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private byte[] bytes = new byte[4_096];
    private int size;

    public void clear() {
        size = 0;
    }

    /** Room for that many bytes, which the caller fills from the index returned on. */
    public int reserve(int more) {
        if (bytes.length - size < more) {
            bytes = Arrays.copyOf(bytes, Math.max(size + more, 2 * bytes.length));
        }
        int at = size;
        size += more;
        return at;
    }

    public void put(int value) {
        int at = reserve(1);
        bytes[at] = (byte) value;
    }

    public void putLong(long value) {
        int at = reserve(Long.BYTES);
        LONG.set(bytes, at, value);
    }

    /** Unsigned, seven bits a byte, lowest first. */
    public void putVarint(long value) {
        while ((value & ~0x7FL) != 0) {
            put((int) value | 0x80);
            value >>>= 7;
        }
        put((int) value);
    }

    public void put(byte[] more) {
        int at = reserve(more.length);
        System.arraycopy(more, 0, bytes, at, more.length);
    }

    public int size() {
        return size;
    }

    /** Belongs to the sink, and changes when more is written. */
    public byte[] array() {
        return bytes;
    }

    public byte[] toByteArray() {
        return Arrays.copyOf(bytes, size);
    }
}
