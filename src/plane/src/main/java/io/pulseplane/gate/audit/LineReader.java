package io.pulseplane.gate.audit;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Goes through a file line by line, in memory that is used again. */
final class LineReader implements Closeable {

    /** A longer line is given in pieces, none of which is complete. */
    static final int MAX_LINE_BYTES = RecordLine.MAX_BYTES + LineFormat.MAX_BYTES;

    private final FileChannel channel;
    private final long limit;
    private final byte[] buffer = new byte[4 * MAX_LINE_BYTES];
    private int filled;
    private int start;
    private int end;
    private long offset;
    private long number;

    /** @param limit reads no further, whatever is written to the file meanwhile */
    LineReader(Path file, long from, long limit) throws IOException {
        channel = FileChannel.open(file, StandardOpenOption.READ);
        channel.position(from);
        this.limit = limit;
        offset = from;
    }

    /** False at the end of the file. */
    boolean next() throws IOException {
        offset += end - start;
        start = end;
        int at = lineEnd(start);
        if (at < 0) {
            fill();
            at = lineEnd(start);
        }
        end = at < 0 ? Math.min(filled, start + MAX_LINE_BYTES) : at;
        number++;
        return end > start;
    }

    /** After the line break; negative if there is none in what was read. */
    private int lineEnd(int from) {
        for (int i = from; i < filled; i++) {
            if (buffer[i] == '\n') {
                return i + 1;
            }
        }
        return -1;
    }

    private void fill() throws IOException {
        System.arraycopy(buffer, start, buffer, 0, filled - start);
        filled -= start;
        start = 0;
        end = 0;
        while (filled < buffer.length) {
            int room = (int) Math.min(buffer.length - filled, limit - channel.position());
            int read = room <= 0 ? -1 : channel.read(ByteBuffer.wrap(buffer, filled, room));
            if (read < 0) {
                return;
            }
            filled += read;
        }
    }

    /** Whether the line ends in a line break, and is not too long. */
    boolean isComplete() {
        return buffer[end - 1] == '\n' && end - start <= MAX_LINE_BYTES;
    }

    /** Whether more follows this piece of a line, so that it is not the end of the file that cut it. */
    boolean isTooLong() {
        return end - start >= MAX_LINE_BYTES;
    }

    byte[] bytes() {
        return buffer;
    }

    int start() {
        return start;
    }

    int length() {
        return end - start;
    }

    /** Where the line begins in the file. */
    long offset() {
        return offset;
    }

    /** Counts from 1, from where the reading began. */
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

    String text() {
        return LineFormat.text(buffer, start, length());
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
