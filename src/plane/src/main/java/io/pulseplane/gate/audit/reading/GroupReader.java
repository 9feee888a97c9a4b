package io.pulseplane.gate.audit.reading;

import io.pulseplane.files.PrivateFiles;
import io.pulseplane.gate.audit.GroupFooter;
import io.pulseplane.gate.audit.LineFormat;
import io.pulseplane.gate.audit.LineReader;
import io.pulseplane.gate.audit.RecordLine;
import io.pulseplane.gate.audit.SegmentFooter;
import io.pulseplane.vitals.PlaneException;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Reads the groups of a segment that were complete when it was opened. */
sealed interface GroupReader extends Closeable {

    /** Gets the lines of a group's records, in the order of the trail. The bytes are only valid during the call. */
    interface RecordConsumer {
        void accept(byte[] bytes, int from, int length);
    }

    /** Passes the records of the next group to the consumer; false if there is no further group. */
    boolean next(RecordConsumer consumer) throws IOException;

    private static PlaneException damaged() {
        return new PlaneException.DataLoss("the audit trail is not as it was written; verify it");
    }

    private static void forEachRecord(byte[] bytes, int from, int to, RecordConsumer consumer) {
        int start = from;
        for (int i = from; i < to; i++) {
            if (bytes[i] == '\n') {
                if (startsWith(bytes, start, RecordLine.NUMBER_PREFIX)) {
                    consumer.accept(bytes, start, i + 1 - start);
                }
                start = i + 1;
            }
        }
    }

    private static boolean startsWith(byte[] bytes, int from, byte[] prefix) {
        for (int i = 0; i < prefix.length; i++) {
            if (from + i >= bytes.length || bytes[from + i] != prefix[i]) {
                return false;
            }
        }
        return true;
    }

    /** Reads from the first group to the last. */
    final class Forward implements GroupReader {

        private final LineReader lines;
        private final byte[] group = new byte[GroupFooter.MAX_GROUP_BYTES];

        Forward(Path segment) throws IOException {
            lines = new LineReader(segment, 0, Files.size(segment));
        }

        @Override
        public boolean next(RecordConsumer consumer) throws IOException {
            int length = 0;
            while (lines.next() && lines.isComplete()) {
                if (startsWith(lines.bytes(), lines.start(), GroupFooter.PREFIX)) {
                    forEachRecord(group, 0, length, consumer);
                    return true;
                }
                if (length + lines.length() > group.length) {
                    throw damaged();
                }
                System.arraycopy(lines.bytes(), lines.start(), group, length, lines.length());
                length += lines.length();
            }
            return false;
        }

        @Override
        public void close() throws IOException {
            lines.close();
        }
    }

    /** Reads from the last group to the first. The footer of a group has the group's length. */
    final class Backward implements GroupReader {

        private final FileChannel channel;

        /** A part of the file that starts at {@link #windowStart}. */
        private final byte[] window = new byte[2 * GroupFooter.MAX_GROUP_BYTES];

        private long windowStart;
        private int windowLength;

        /** The end of the part that was not read yet: after a group, the segment footer, or the header. */
        private long end;

        Backward(Path segment) throws IOException {
            channel = PrivateFiles.open(segment, StandardOpenOption.READ);
            try {
                end = endOfLastGroup(channel.size());
            } catch (IOException | RuntimeException e) {
                channel.close();
                throw e;
            }
        }

        /** Looks in one window only: the bytes after the last complete group are no more than a group may have. */
        private long endOfLastGroup(long size) throws IOException {
            load(size);
            int lineEnd = lineStart(windowLength);
            while (lineEnd > 0) {
                int lineStart = lineStart(lineEnd - 1);
                if (startsWith(window, lineStart, GroupFooter.PREFIX)
                        || startsWith(window, lineStart, SegmentFooter.PREFIX)) {
                    return windowStart + lineEnd;
                }
                lineEnd = lineStart;
            }
            if (windowStart > 0) {
                throw damaged();
            }
            return 0;
        }

        /** The start in the window of the line that ends before this index, which is not searched. */
        private int lineStart(int lineEnd) {
            int i = lineEnd;
            while (i > 0 && window[i - 1] != '\n') {
                i--;
            }
            return i;
        }

        private void load(long loadEnd) throws IOException {
            windowStart = Math.max(0, loadEnd - window.length);
            windowLength = (int) (loadEnd - windowStart);
            var bytes = ByteBuffer.wrap(window, 0, windowLength);
            while (bytes.hasRemaining()) {
                if (channel.read(bytes, windowStart + bytes.position()) < 0) {
                    throw damaged();
                }
            }
        }

        @Override
        public boolean next(RecordConsumer consumer) throws IOException {
            while (end > 0) {
                ensureLoaded(end - LineFormat.MAX_BYTES);
                int lineEnd = (int) (end - windowStart);
                int lineStart = lineStart(lineEnd - 1);
                if (startsWith(window, lineStart, GroupFooter.PREFIX)) {
                    readGroup(windowStart + lineStart, lineEnd - lineStart, consumer);
                    return true;
                }
                boolean isFooter = startsWith(window, lineStart, SegmentFooter.PREFIX);
                boolean isHeader = windowStart + lineStart == 0;
                if (!isFooter && !isHeader) {
                    throw damaged();
                }
                end = windowStart + lineStart;
            }
            return false;
        }

        private void readGroup(long groupEnd, int lineLength, RecordConsumer consumer) throws IOException {
            var line = new String(window, (int) (groupEnd - windowStart), lineLength, StandardCharsets.ISO_8859_1);
            var footer = GroupFooter.parse(line).orElseThrow(GroupReader::damaged);
            long groupStart = groupEnd - footer.bytes();
            ensureLoaded(groupStart);
            if (footer.bytes() < 0 || groupStart < windowStart) {
                throw damaged();
            }
            forEachRecord(window, (int) (groupStart - windowStart), (int) (groupEnd - windowStart), consumer);
            end = groupStart;
        }

        /** Loads the window that ends at {@link #end}, unless the current one starts at this offset or before it. */
        private void ensureLoaded(long from) throws IOException {
            if (Math.max(0, from) < windowStart) {
                load(end);
            }
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }
}
