package io.pulseplane.store;

import io.pulseplane.vitals.Rejection;
import io.pulseplane.vitals.Rejection.Reason;
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
 * Rejections as bytes: their number, then for each the code (length and UTF-8), the position of the reason, the number of
 * runs, and each run of neighbouring indexes as its distance from the end of the one before it and its length. Numbers
 * are unsigned LEB128. A block that was refused as a whole takes a few bytes, whatever its size.
 */
public final class RejectionCodec {

    private static final byte[] EMPTY = {0};
    private static final Reason[] REASONS = Reason.values();

    private RejectionCodec() {}

    public static byte[] encode(List<Rejection> rejections) {
        if (rejections.isEmpty()) {
            return EMPTY;
        }
        var bytes = new ByteArrayOutputStream();
        try (var out = new DataOutputStream(bytes)) {
            writeVarint(out, rejections.size());
            for (var rejection : rejections) {
                out.writeUTF(rejection.code());
                writeVarint(out, rejection.reason().ordinal());
                writeIndexes(out, rejection.indexes());
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    public static List<Rejection> decode(byte[] bytes) {
        try (var in = new DataInputStream(new ByteArrayInputStream(bytes))) {
            int count = readVarint(in);
            var rejections = new ArrayList<Rejection>(count);
            for (int i = 0; i < count; i++) {
                rejections.add(new Rejection(in.readUTF(), REASONS[readVarint(in)], readIndexes(in)));
            }
            return rejections;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void writeIndexes(DataOutputStream out, int[] indexes) throws IOException {
        writeVarint(out, countRuns(indexes));
        int end = 0;
        for (int i = 0; i < indexes.length; ) {
            int length = 1;
            while (i + length < indexes.length && indexes[i + length] == indexes[i] + length) {
                length++;
            }
            writeVarint(out, indexes[i] - end);
            writeVarint(out, length);
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

    private static int[] readIndexes(DataInputStream in) throws IOException {
        int runs = readVarint(in);
        var indexes = new int[runs];
        int size = 0;
        int next = 0;
        for (int run = 0; run < runs; run++) {
            next += readVarint(in);
            int length = readVarint(in);
            if (size + length > indexes.length) {
                indexes = Arrays.copyOf(indexes, Math.max(size + length, 2 * indexes.length));
            }
            for (int i = 0; i < length; i++) {
                indexes[size++] = next++;
            }
        }
        return Arrays.copyOf(indexes, size);
    }

    private static void writeVarint(DataOutputStream out, int number) throws IOException {
        while (number >= 0x80) {
            out.writeByte(number | 0x80);
            number >>>= 7;
        }
        out.writeByte(number);
    }

    private static int readVarint(DataInputStream in) throws IOException {
        int number = 0;
        for (int shift = 0; shift < 32; shift += 7) {
            int b = in.readUnsignedByte();
            number |= (b & 0x7F) << shift;
            if (b < 0x80) {
                return number;
            }
        }
        throw new IOException("a number has too many bytes");
    }
}
