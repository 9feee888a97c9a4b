package io.pulseplane.store;

import io.pulseplane.vitals.Rejection;
import io.pulseplane.vitals.Rejection.Reason;
import io.pulseplane.vitals.chunk.ByteReader;
import io.pulseplane.vitals.chunk.ByteWriter;
import io.pulseplane.vitals.chunk.CorruptDataException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Encodes rejections as bytes: their number, then for each the code (as {@link DataOutputStream#writeUTF} writes it),
 * the ordinal of the reason, the number of runs, and for each run of consecutive indexes its distance from the end of
 * the previous run and its length. Numbers are varints. A block that is rejected as a whole takes a few bytes, whatever
 * its size.
 */
public final class RejectionCodec {

    private static final byte[] EMPTY = {0};
    private static final Reason[] REASONS = Reason.values();

    /** The longest varint of an int that is not negative. */
    private static final int MAX_INT_BYTES = 5;

    private RejectionCodec() {}

    public static byte[] encode(List<Rejection> rejections) {
        if (rejections.isEmpty()) {
            return EMPTY;
        }
        var out = new ByteWriter();
        out.ensureCapacity(MAX_INT_BYTES);
        out.putVarint(rejections.size());
        for (var rejection : rejections) {
            var code = encodeCode(rejection.code());
            out.ensureCapacity(code.length + MAX_INT_BYTES);
            out.putBytes(code);
            out.putVarint(rejection.reason().ordinal());
            writeIndexes(out, rejection.indexes());
        }
        return out.toByteArray();
    }

    /** Returns whether the bytes encode no rejection. */
    public static boolean isEmpty(byte[] bytes) {
        return Arrays.equals(bytes, EMPTY);
    }

    /** @throws CorruptDataException if the bytes are not as {@link #encode} wrote them */
    public static List<Rejection> decode(byte[] bytes) {
        var in = new ByteReader(bytes);
        int count = in.readLength();
        var rejections = new ArrayList<Rejection>(count);
        for (int i = 0; i < count; i++) {
            rejections.add(new Rejection(
                    readCode(in, bytes), REASONS[in.readVarintUpTo(REASONS.length - 1)], readIndexes(in)));
        }
        return rejections;
    }

    private static byte[] encodeCode(String code) {
        var bytes = new ByteArrayOutputStream();
        try (var out = new DataOutputStream(bytes)) {
            out.writeUTF(code);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    private static String readCode(ByteReader in, byte[] bytes) {
        int start = in.position();
        int length = in.readByte() << 8 | in.readByte();
        in.skip(length);
        try (var code = new DataInputStream(new ByteArrayInputStream(bytes, start, Short.BYTES + length))) {
            return code.readUTF();
        } catch (IOException _) {
            throw new CorruptDataException("text in an unknown encoding");
        }
    }

    private static void writeIndexes(ByteWriter out, int[] indexes) {
        int runs = countRuns(indexes);
        out.ensureCapacity((1 + 2 * runs) * MAX_INT_BYTES);
        out.putVarint(runs);
        int end = 0;
        for (int i = 0; i < indexes.length; ) {
            int length = 1;
            while (i + length < indexes.length && indexes[i + length] == indexes[i] + length) {
                length++;
            }
            out.putVarint(indexes[i] - end);
            out.putVarint(length);
            end = indexes[i] + length;
            i += length;
        }
    }

    private static int countRuns(int[] indexes) {
        int runs = 0;
        for (int i = 0; i < indexes.length; i++) {
            if (i == 0 || indexes[i] != indexes[i - 1] + 1) {
                runs++;
            }
        }
        return runs;
    }

    private static int[] readIndexes(ByteReader in) {
        int runs = in.readLength();
        var indexes = new int[runs];
        int size = 0;
        int next = 0;
        for (int run = 0; run < runs; run++) {
            next += in.readVarintUpTo(Integer.MAX_VALUE);
            int length = in.readVarintUpTo(Integer.MAX_VALUE);
            if (size + length > indexes.length) {
                indexes = Arrays.copyOf(indexes, Math.max(size + length, 2 * indexes.length));
            }
            for (int i = 0; i < length; i++) {
                indexes[size++] = next++;
            }
        }
        return Arrays.copyOf(indexes, size);
    }
}
