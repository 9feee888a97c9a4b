package io.pulseplane.api;

import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.UnknownFieldSet;
import com.google.protobuf.UnsafeByteOperations;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Repeated numbers of a message, as they are on the wire. A message's builder takes one at a time, and writes each again when
 * it is sent: of a day of readings that was more than half of the work. Given to a message as fields it does not know, they
 * are sent as the bytes they are, which are those that fields it knows would have had. Whoever has the message itself
 * does not see them, so it is for answers that go out and nothing else.
 */
final class PackedFields {

    private final UnknownFieldSet.Builder fields = UnknownFieldSet.newBuilder();

    /** A {@code repeated double}. */
    PackedFields doubles(int number, double[] values) {
        var bytes = new byte[values.length * Double.BYTES];
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asDoubleBuffer().put(values);
        return add(number, bytes);
    }

    /** A {@code repeated uint64}. */
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

    /** A {@code repeated sint64}: the distances of values from the one before them, of the first from itself. */
    PackedFields deltas(int number, long[] values) {
        var distances = new long[values.length];
        for (int i = 1; i < values.length; i++) {
            distances[i] = CodedOutputStream.encodeZigZag64(values[i] - values[i - 1]);
        }
        return unsigned(number, distances);
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
