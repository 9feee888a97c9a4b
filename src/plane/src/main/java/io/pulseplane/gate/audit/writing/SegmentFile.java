package io.pulseplane.gate.audit.writing;

import io.pulseplane.files.PrivateFiles;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;

/** A segment that is open for writing. */
interface SegmentFile extends Closeable {

    /** Appends all bytes. */
    void write(ByteBuffer bytes) throws IOException;

    /** Returns when all bytes are on disk. Fails if another file has the segment's name now. */
    void sync() throws IOException;

    /** Opens segments. Tests replace it to make the disk fail. */
    interface Opener {

        /** Creates an empty file, and deletes an existing one. */
        SegmentFile create(Path path) throws IOException;

        /** Opens an existing file, cuts it at this length, and appends. */
        SegmentFile append(Path path, long length) throws IOException;
    }

    /** A segment in the file system. */
    final class OnDisk implements SegmentFile {

        static final Opener OPENER = new Opener() {
            @Override
            public SegmentFile create(Path path) throws IOException {
                Files.deleteIfExists(path);
                return new OnDisk(
                        path, PrivateFiles.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE));
            }

            @Override
            public SegmentFile append(Path path, long length) throws IOException {
                var channel = PrivateFiles.open(path, StandardOpenOption.WRITE);
                try {
                    if (channel.size() < length) {
                        throw new IOException("the segment is shorter than it was written");
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

        /** Checks the name, because a deleted file can still be written and synced, and its records would be lost. */
        @Override
        public void sync() throws IOException {
            channel.force(false);
            if (!identity(path).equals(identity)) {
                throw new NoSuchFileException("the segment was replaced by another file while it was written");
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
