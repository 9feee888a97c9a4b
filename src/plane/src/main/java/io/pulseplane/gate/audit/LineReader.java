package io.pulseplane.gate.audit;

import io.pulseplane.files.PrivateFiles;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Reads a file line by line into a buffer that is used again. */
public final class LineReader implements Closeable {

    /** A longer line is read in parts, and {@link #isComplete} is false for the first ones. */
    static final int MAX_LINE_BYTES = RecordLine.MAX_BYTES + LineFormat.MAX_BYTES;

    private final FileChannel channel;
    private final long limit;
    private final byte[] buffer = new byte[4 * MAX_LINE_BYTES];
    private int bufferLength;
    private int start;
    private int end;
    private long offset;
    private long number;

    /** @param limit offset in the file at which the reader stops, so that it does not read what is written meanwhile */
    public LineReader(Path file, long offset, long limit) throws IOException {
        channel = PrivateFiles.open(file, StandardOpenOption.READ);
        channel.position(offset);
        this.limit = limit;
        this.offset = offset;
    }

    /** Reads the next line; false at the end of the file. */
    public boolean next() throws IOException {
        offset += end - start;
        start = end;
        int lineEnd = lineEnd(start);
        if (lineEnd < 0) {
            fill();
            lineEnd = lineEnd(start);
        }
        end = lineEnd < 0 ? Math.min(bufferLength, start + MAX_LINE_BYTES) : lineEnd;
        number++;
        return end > start;
    }

    /** The index after the next line break; negative if the buffer has none. */
    private int lineEnd(int from) {
        for (int i = from; i < bufferLength; i++) {
            if (buffer[i] == '\n') {
                return i + 1;
            }
        }
        return -1;
    }

    private void fill() throws IOException {
        System.arraycopy(buffer, start, buffer, 0, bufferLength - start);
        bufferLength -= start;
        start = 0;
        end = 0;
        while (bufferLength < buffer.length) {
            int room = (int) Math.min(buffer.length - bufferLength, limit - channel.position());
            int read = room <= 0 ? -1 : channel.read(ByteBuffer.wrap(buffer, bufferLength, room));
            if (read < 0) {
                return;
            }
            bufferLength += read;
        }
    }

    /** Whether the line ends with a line break and is not too long. */
    public boolean isComplete() {
        return buffer[end - 1] == '\n' && end - start <= MAX_LINE_BYTES;
    }

    /** Whether the line is incomplete because it is too long, and not because the file ends. */
    boolean isTooLong() {
        return end - start >= MAX_LINE_BYTES;
    }

    public byte[] bytes() {
        return buffer;
    }

    public int start() {
        return start;
    }

    public int length() {
        return end - start;
    }

    /** The offset of the line in the file. */
    long offset() {
        return offset;
    }

    /** The number of the line, counted from 1 where the reader started. */
    long number() {
        return number;
    }

    boolean startsWith(byte[] prefix) {
        if (end - start < prefix.length) {
            return false;
        }
        for (int i = 0; i < prefix.length; i++) {
            if (buffer[start + i] != prefix[i]) {
                return false;
            }
        }
        return true;
    }

    public String text() {
        return LineFormat.text(buffer, start, length());
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
