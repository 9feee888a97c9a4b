package io.pulseplane.gate.audit;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Set;

/** A segment as it is written to. */
interface SegmentFile extends Closeable {

    /** Appends all of it. */
    void write(ByteBuffer bytes) throws IOException;

    /** Done when all of it is on disk. Fails if the file is not the one of that name any more. */
    void sync() throws IOException;

    /** How a segment is opened; the one place where the log touches its disk. */
    interface Opener {

        /** An empty file, whatever was there. */
        SegmentFile create(Path path) throws IOException;

        /** The file that is there, cut at this length. */
        SegmentFile append(Path path, long length) throws IOException;
    }

    /** Files of this machine. */
    final class OnDisk implements SegmentFile {

        static final Opener OPENER = new Opener() {
            @Override
            public SegmentFile create(Path path) throws IOException {
                Files.deleteIfExists(path);
                return new OnDisk(
                        path,
                        FileChannel.open(
                                path,
                                Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                                AuditDirectory.PRIVATE_FILE));
            }

            @Override
            public SegmentFile append(Path path, long length) throws IOException {
                var channel = FileChannel.open(path, StandardOpenOption.WRITE);
                try {
                    if (channel.size() < length) {
                        throw new IOException("the segment is shorter than what was written to it");
                    }
                    channel.truncate(length).position(length);
                    return new OnDisk(path, channel);
                } catch (IOException e) {
                    channel.close();
                    throw e;
                }
            }
        };

        private final Path path;
        private final FileChannel channel;
        private final Object identity;

        private OnDisk(Path path, FileChannel channel) throws IOException {
            this.path = path;
            this.channel = channel;
            this.identity = identity(path);
        }

        @Override
        public void write(ByteBuffer bytes) throws IOException {
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
        }

        /** A file that was removed under its writer can be written and synced for ever; nobody would find it again. */
        @Override
        public void sync() throws IOException {
            channel.force(false);
            if (!identity(path).equals(identity)) {
                throw new NoSuchFileException("the segment that was written to has been replaced");
            }
        }

        private static Object identity(Path path) throws IOException {
            return Files.readAttributes(path, BasicFileAttributes.class).fileKey();
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }
}
