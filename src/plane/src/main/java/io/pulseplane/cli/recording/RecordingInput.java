package io.pulseplane.cli.recording;

import io.airlift.compress.v3.MalformedInputException;
import io.airlift.compress.v3.zstd.ZstdInputStream;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/** Opens recordings: files or standard input, compressed with gzip or Zstandard or not. The first bytes tell which. */
final class RecordingInput {

    private static final byte[] GZIP = {0x1f, (byte) 0x8b};
    private static final byte[] ZSTANDARD = {0x28, (byte) 0xb5, 0x2f, (byte) 0xfd};
    private static final byte[] UTF_16_BE = {(byte) 0xfe, (byte) 0xff};
    private static final byte[] UTF_16_LE = {(byte) 0xff, (byte) 0xfe};

    private static final String DAMAGED = "the compressed data are damaged or cut off";
    private static final int LONGEST_MARK = 4;
    private static final int BUFFER_BYTES = 64 * 1024;

    private RecordingInput() {}

    static InputStream open(Path file) throws IOException {
        if (Files.isDirectory(file)) {
            throw new IOException(file + " is a directory");
        }
        return decompressed(Files.newInputStream(file));
    }

    /** The bytes of the recording in this stream, which may be compressed. */
    static InputStream decompressed(InputStream stream) throws IOException {
        try {
            var in = new BufferedInputStream(stream, BUFFER_BYTES);
            var start = start(in);
            if (startsWith(start, GZIP)) {
                return buffered(new GZIPInputStream(in, BUFFER_BYTES));
            }
            return startsWith(start, ZSTANDARD) ? buffered(new ZstdInputStream(in)) : in;
        } catch (EOFException | ZipException e) {
            stream.close();
            throw new IOException(DAMAGED, e);
        } catch (IOException | RuntimeException e) {
            stream.close();
            throw e;
        }
    }

    private static BufferedInputStream buffered(InputStream decompressor) {
        return new BufferedInputStream(new DamageReport(decompressor), BUFFER_BYTES);
    }

    /** The charset that a byte order mark names, or UTF-8. */
    static Charset charset(InputStream in, Optional<Charset> given) throws IOException {
        if (given.isPresent()) {
            return given.get();
        }
        var start = start(in);
        return startsWith(start, UTF_16_BE) || startsWith(start, UTF_16_LE)
                ? StandardCharsets.UTF_16
                : StandardCharsets.UTF_8;
    }

    private static byte[] start(InputStream in) throws IOException {
        in.mark(LONGEST_MARK);
        var start = in.readNBytes(LONGEST_MARK);
        in.reset();
        return start;
    }

    private static boolean startsWith(byte[] start, byte[] mark) {
        return start.length >= mark.length && Arrays.equals(start, 0, mark.length, mark, 0, mark.length);
    }

    /** Says in plain words that compressed data are damaged or cut off. */
    private static final class DamageReport extends FilterInputStream {

        DamageReport(InputStream decompressor) {
            super(decompressor);
        }

        @Override
        public int read() throws IOException {
            var single = new byte[1];
            int count = read(single, 0, 1);
            return count < 0 ? count : Byte.toUnsignedInt(single[0]);
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            try {
                return super.read(bytes, offset, length);
            } catch (IOException | MalformedInputException e) {
                throw new IOException(DAMAGED + (e.getMessage() == null ? "" : ": " + e.getMessage()), e);
            }
        }
    }
}
