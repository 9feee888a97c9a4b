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

/** Readings as bytes, as planes of one version write and read them. */
final class ReadingCodec {

    private static final int VERSION = 1;

    private ReadingCodec() {}

    static byte[] encode(Collection<Reading> readings) {
        var bytes = new ByteArrayOutputStream();
        try (var out = new DataOutputStream(bytes)) {
            out.writeByte(VERSION);
            write(out, readings);
        } catch (IOException e) {
            throw new UncheckedIOException("bytes in memory can be written", e);
        }
        return bytes.toByteArray();
    }

    /** The readings; empty if the bytes are of another version, or of none. */
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

    /** Of a list whose items take a byte each at least. */
    static int readSize(DataInputStream in) throws IOException {
        int size = in.readInt();
        if (size < 0 || size > in.available()) {
            throw new IOException("a list cannot be longer than its bytes");
        }
        return size;
    }
}
