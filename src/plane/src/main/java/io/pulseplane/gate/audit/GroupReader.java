package io.pulseplane.gate.audit;

import io.pulseplane.vitals.PlaneException;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** The complete groups of a segment as they were when it was opened. */
sealed interface GroupReader extends Closeable {

    /** Is given the lines of records, one by one, in the order of the log. */
    interface RecordConsumer {
        void accept(byte[] bytes, int from, int length);
    }

    /** Gives the records of the next group; false if there is none. */
    boolean next(RecordConsumer taker) throws IOException;

    private static PlaneException damaged() {
        return new PlaneException.DataLoss("the audit log is not as it was written; verify it");
    }

    private static void forEachRecord(byte[] bytes, int from, int to, RecordConsumer taker) {
        int start = from;
        for (int i = from; i < to; i++) {
            if (bytes[i] == '\n') {
                if (startsWith(bytes, start, RecordLine.NUMBER_PREFIX)) {
                    taker.accept(bytes, start, i + 1 - start);
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

    /** From the first group on. */
    final class Forward implements GroupReader {

        private final LineReader lines;
        private final byte[] group = new byte[TrailWriter.MAX_GROUP_BYTES];

        Forward(Path segment) throws IOException {
            lines = new LineReader(segment, 0, Files.size(segment));
        }

        @Override
        public boolean next(RecordConsumer taker) throws IOException {
            int length = 0;
            while (lines.next() && lines.isComplete()) {
                if (startsWith(lines.bytes(), lines.start(), GroupFooter.PREFIX)) {
                    forEachRecord(group, 0, length, taker);
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

    /** From the last group back: the line after a group says how long the group is. */
    final class Backward implements GroupReader {

        private final FileChannel channel;

        /** A piece of the file, from an offset on. */
        private final byte[] window = new byte[2 * TrailWriter.MAX_GROUP_BYTES];

        private long windowStart;
        private int windowLength;

        /** Where the part of the file ends that was not given yet: after a group, a seal, or the header. */
        private long end;

        Backward(Path segment) throws IOException {
            channel = FileChannel.open(segment, StandardOpenOption.READ);
            try {
                end = endOfLastGroup(channel.size());
            } catch (IOException | RuntimeException e) {
                channel.close();
                throw e;
            }
        }

        /** What stands after the last complete group is no longer than a group may be. */
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

        /** After the last line break before here; 0 if there is none. */
        private int lineStart(int before) {
            int i = before;
            while (i > 0 && window[i - 1] != '\n') {
                i--;
            }
            return i;
        }

        private void load(long until) throws IOException {
            windowStart = Math.max(0, until - window.length);
            windowLength = (int) (until - windowStart);
            var bytes = ByteBuffer.wrap(window, 0, windowLength);
            while (bytes.hasRemaining()) {
                if (channel.read(bytes, windowStart + bytes.position()) < 0) {
                    throw damaged();
                }
            }
        }

        @Override
        public boolean next(RecordConsumer taker) throws IOException {
            while (end > 0) {
                ensureLoaded(end - LineFormat.MAX_BYTES);
                int lineEnd = (int) (end - windowStart);
                int lineStart = lineStart(lineEnd - 1);
                if (startsWith(window, lineStart, GroupFooter.PREFIX)) {
                    readGroup(windowStart + lineStart, lineEnd - lineStart, taker);
                    return true;
                }
                boolean seal = startsWith(window, lineStart, SegmentFooter.PREFIX);
                boolean header = windowStart + lineStart == 0;
                if (!seal && !header) {
                    throw damaged();
                }
                end = windowStart + lineStart;
            }
            return false;
        }

        private void readGroup(long groupEnd, int lineLength, RecordConsumer taker) throws IOException {
            var line = new String(window, (int) (groupEnd - windowStart), lineLength, StandardCharsets.ISO_8859_1);
            var group = GroupFooter.parse(line).orElseThrow(GroupReader::damaged);
            long begin = groupEnd - group.bytes();
            ensureLoaded(begin);
            if (group.bytes() < 0 || begin < windowStart) {
                throw damaged();
            }
            forEachRecord(window, (int) (begin - windowStart), (int) (groupEnd - windowStart), taker);
            end = begin;
        }

        /** Makes sure that the window goes from here, or from the start of the file, to the end of what is left. */
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
