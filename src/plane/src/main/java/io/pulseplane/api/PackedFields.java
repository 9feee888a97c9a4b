package io.pulseplane.api;

import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.UnknownFieldSet;
import com.google.protobuf.UnsafeByteOperations;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Encodes repeated numbers of a response as packed fields. The builder of a message takes one number at a time, and
 * encodes all of them when the message is sent; for a day of readings, that was more than half of the work. This class
 * encodes them once, and the message carries them as unknown fields, whose bytes are those of the known fields. Getters
 * of the message do not see the numbers, so only responses that go out may use it.
 */
final class PackedFields {

    private final UnknownFieldSet.Builder fields = UnknownFieldSet.newBuilder();

    /** Adds a {@code repeated double}. */
    PackedFields doubles(int number, double[] values) {
        var bytes = new byte[values.length * Double.BYTES];
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asDoubleBuffer().put(values);
        return add(number, bytes);
    }

    /** Adds a {@code repeated uint64}. */
    PackedFields unsigned(int number, long[] values) {
        int size = 0;
        for (long value : values) {
            size += CodedOutputStream.computeUInt64SizeNoTag(value);
        }
        var bytes = new byte[size];
        var out = CodedOutputStream.newInstance(bytes);
        try {
            for (long value : values) {
                out.writeUInt64NoTag(value);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return add(number, bytes);
    }

    /** Adds a {@code repeated sint64}: the delta of each value to the one before, and 0 for the first. */
    PackedFields deltas(int number, long[] values) {
        var deltas = new long[values.length];
        for (int i = 1; i < values.length; i++) {
            deltas[i] = CodedOutputStream.encodeZigZag64(values[i] - values[i - 1]);
        }
        return unsigned(number, deltas);
    }

    private PackedFields add(int number, byte[] bytes) {
        if (bytes.length > 0) {
            fields.addField(
                    number,
                    UnknownFieldSet.Field.newBuilder()
                            .addLengthDelimited(UnsafeByteOperations.unsafeWrap(bytes))
                            .build());
        }
        return this;
    }

    UnknownFieldSet build() {
        return fields.build();
    }
}
