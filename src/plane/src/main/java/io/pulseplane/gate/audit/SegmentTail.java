package io.pulseplane.gate.audit;

import io.pulseplane.files.PrivateFiles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/** Reads the last line of a segment without reading all of it. */
public final class SegmentTail {

    private SegmentTail() {}

    /** The line that ends at this offset, with its line break; empty if no line ends there. */
    public static Optional<String> line(FileChannel channel, long offset) throws IOException {
        var bytes = ByteBuffer.allocate((int) Math.min(offset, LineFormat.MAX_BYTES));
        long start = offset - bytes.capacity();
        while (bytes.hasRemaining()) {
            if (channel.read(bytes, start + bytes.position()) < 0) {
                return Optional.empty();
            }
        }
        var text = new String(bytes.array(), StandardCharsets.ISO_8859_1);
        return text.endsWith("\n")
                ? Optional.of(text.substring(text.lastIndexOf('\n', text.length() - 2) + 1))
                : Optional.empty();
    }

    /** Whether a group or the segment ends at this offset with this digest. */
    public static boolean endsWith(Path segment, long offset, String digest) throws IOException {
        try (var channel = PrivateFiles.open(segment, StandardOpenOption.READ)) {
            return channel.size() >= offset
                    && line(channel, offset)
                            .flatMap(SegmentTail::digestOf)
                            .filter(digest::equals)
                            .isPresent();
        } catch (NoSuchFileException _) {
            return false;
        }
    }

    private static Optional<String> digestOf(String line) {
        return GroupFooter.parse(line)
                .map(GroupFooter::digest)
                .or(() -> SegmentFooter.parse(line).map(SegmentFooter::digest));
    }

    /** The footer of the segment; empty if the segment has none. The signature is not checked. */
    public static Optional<String> footerLine(Path segment) throws IOException {
        try (var channel = PrivateFiles.open(segment, StandardOpenOption.READ)) {
            return line(channel, channel.size()).filter(line -> line.startsWith(SegmentFooter.START));
        }
    }
}
