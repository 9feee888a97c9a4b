package io.pulseplane.store.edge.backup;

import io.pulseplane.files.PrivateFiles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/** Changes files, and tells a listener before each step, so that a test can cut the power between any two. */
final class Disk {

    /** What is about to be done to a file. */
    sealed interface Step {

        /** @param bytes valid only until the listener returns */
        record Append(Path file, ByteBuffer bytes) implements Step {}

        record Sync(Path file) implements Step {}

        record Move(Path from, Path to) implements Step {}

        record Delete(Path file) implements Step {}

        record SyncDirectory(Path directory) implements Step {}
    }

    interface Listener {
        void before(Step step) throws IOException;
    }

    private final Listener listener;

    Disk(Listener listener) {
        this.listener = listener;
    }

    Disk() {
        this(_ -> {});
    }

    /** Makes a file, in place of one that is there, to which bytes are appended. */
    Output create(Path file) throws IOException {
        delete(file);
        return new Output(file, PrivateFiles.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE));
    }

    /** Writes a file by another name and then renames it: after a power cut there is the old file or the new one. */
    void replace(Path file, byte[] content) throws IOException {
        var partial = file.resolveSibling(file.getFileName() + ".new");
        try (var output = create(partial)) {
            output.write(ByteBuffer.wrap(content));
            output.sync();
        }
        move(partial, file);
        syncDirectory(file.toAbsolutePath().getParent());
    }

    void move(Path from, Path to) throws IOException {
        listener.before(new Step.Move(from, to));
        Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
    }

    void delete(Path file) throws IOException {
        if (Files.exists(file)) {
            listener.before(new Step.Delete(file));
            Files.delete(file);
        }
    }

    void syncDirectory(Path directory) throws IOException {
        listener.before(new Step.SyncDirectory(directory));
        PrivateFiles.syncDirectory(directory);
    }

    /** A file that grows. */
    final class Output implements AutoCloseable {

        private final Path file;
        private final FileChannel channel;
        private long position;

        private Output(Path file, FileChannel channel) {
            this.file = file;
            this.channel = channel;
        }

        long position() {
            return position;
        }

        void write(ByteBuffer bytes) throws IOException {
            listener.before(new Step.Append(file, bytes.asReadOnlyBuffer()));
            position += bytes.remaining();
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
        }

        void sync() throws IOException {
            listener.before(new Step.Sync(file));
            channel.force(true);
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }
}
