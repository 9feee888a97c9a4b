package io.pulseplane.coherence;

import io.pulseplane.vitals.Reading;
import io.pulseplane.vitals.Series;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/** Encodes and decodes readings for other planes of the same version. */
final class ReadingCodec {

    private static final int VERSION = 1;

    private ReadingCodec() {}

    static byte[] encode(Collection<Reading> readings) {
        var bytes = new ByteArrayOutputStream();
        try (var out = new DataOutputStream(bytes)) {
            out.writeByte(VERSION);
            write(out, readings);
        } catch (IOException e) {
            throw new UncheckedIOException("writing to memory cannot fail", e);
        }
        return bytes.toByteArray();
    }

    /** The readings; empty if the bytes are truncated or of another version. */
    static Optional<List<Reading>> decode(byte[] bytes) {
        try (var in = new DataInputStream(new ByteArrayInputStream(bytes))) {
            return in.readByte() == VERSION ? Optional.of(read(in)) : Optional.empty();
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    static void write(DataOutputStream out, Collection<Reading> readings) throws IOException {
        out.writeInt(readings.size());
        for (var reading : readings) {
            var series = reading.series();
            out.writeUTF(series.patient());
            out.writeUTF(series.device());
            out.writeUTF(series.code());
            out.writeUTF(series.unit());
            out.writeLong(reading.time());
            out.writeDouble(reading.value());
        }
    }

    static List<Reading> read(DataInputStream in) throws IOException {
        var readings = new Reading[readSize(in)];
        for (int i = 0; i < readings.length; i++) {
            var series = new Series(in.readUTF(), in.readUTF(), in.readUTF(), in.readUTF());
            readings[i] = new Reading(series, in.readLong(), in.readDouble());
        }
        return List.of(readings);
    }

    /** Reads the size of a list whose items take at least a byte each. */
    static int readSize(DataInputStream in) throws IOException {
        int size = in.readInt();
        if (size < 0 || size > in.available()) {
            throw new IOException("the list is longer than the remaining bytes");
        }
        return size;
    }
}
